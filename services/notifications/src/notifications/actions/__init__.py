"""What is to be told to whom; nothing here sends."""
