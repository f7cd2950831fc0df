{{ config(meta={'dagster': {'ref': {'name': 'fct_posts'}}}) }}
-- Every changed post and comment with a current version is in its mart exactly once, and no other one is: mart rows
-- equal lake rows. Costs what the changed keys cost.
with versions as (
    select {{ typed('post') }} as text_kind, post_id as text_id, author_id, event_time, event_id, deleted
    from {{ ref('int_post_versions') }}
    where post_id in (select post_id from {{ ref('int_changed_posts') }})
    union all
    select {{ typed('comment') }}, comment_id, author_id, event_time, event_id, deleted
    from {{ ref('int_comment_versions') }}
    where comment_id in (select comment_id from {{ ref('int_changed_comments') }})
),

newest as (
    select text_kind, text_id, author_id, deleted,
        row_number() over (partition by text_kind, text_id order by event_time desc, event_id desc) as version_age
    from versions
),

expected as (
    select text_kind, text_id, cast(1 as bigint) as row_count from newest
    where version_age = 1 and not deleted and text_kind = 'post'
        and {{ not_deleted('post', 'text_id', users=['author_id']) }}
    union all
    select text_kind, text_id, cast(1 as bigint) from newest
    where version_age = 1 and not deleted and text_kind = 'comment'
        and {{ not_deleted('comment', 'text_id', users=['author_id']) }}
),

found as (
    select {{ typed('post') }} as text_kind, post_id as text_id, cast(count(*) as bigint) as row_count
    from {{ ref('fct_posts') }}
    where post_id in (select post_id from {{ ref('int_changed_posts') }})
    group by post_id
    union all
    select {{ typed('comment') }}, comment_id, cast(count(*) as bigint) from {{ ref('fct_comments') }}
    where comment_id in (select comment_id from {{ ref('int_changed_comments') }})
    group by comment_id
)

(select * from expected except select * from found)
union all
(select * from found except select * from expected)
