"""Taking what is due, fair between backends: each has the same number of calls under way at most."""

from sqlalchemy import TextClause, text


def claim(table: str, *, key: str, open_when: str, also: str = "") -> TextClause:
    """For messaging.queue; `:slots` per backend, of all workers. Rows have key, lease, unclear_at."""
    free = "(q.leased_until is null or q.leased_until <= now())"
    unclear = "q.unclear_at" if table == "submissions" else "null::timestamptz"
    return text(f"""
    with busy as (
      select r.backend, count(*) as n from {table} q join job_requests r on r.id = q.job_request_id
      where q.{open_when} and q.leased_until > now() group by r.backend
    ), due as (
      select q.{key} as key, q.next_attempt_at, coalesce(busy.n, 0) + row_number() over (
        partition by r.backend order by q.next_attempt_at, q.{key}) as place
      from {table} q join job_requests r on r.id = q.job_request_id left join busy on busy.backend = r.backend
      where q.{open_when} and q.next_attempt_at <= now() and {free}
    ), taken as (
      select q.{key} as key from {table} q join due on due.key = q.{key}
      where due.place <= :slots and q.{open_when} and {free}
      order by due.place, due.next_attempt_at limit :free for update of q skip locked
    )
    update {table} q set attempts = q.attempts + 1, {also} lease = gen_random_uuid()::text,
      leased_until = now() + make_interval(secs => :seconds)
    from taken where q.{key} = taken.key
    returning q.{key} as key, q.lease, {unclear} as unclear_at
    """)
