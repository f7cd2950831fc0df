{{ config(materialized='view') }}

-- Users whose engagement may have changed: who acted, who was acted upon, and who wrote the post that it was about.
with keys as (select * from {{ ref('int_event_keys') }}),

changed as (
    select post_id, user_id, other_user_id from keys
    where event_kind = 'user' and entity_id in (select user_id from {{ ref('int_changed_profiles') }})
    union all
    select post_id, user_id, other_user_id from keys
    where event_kind = 'post' and entity_id in (select post_id from {{ ref('int_changed_posts') }})
    union all
    select post_id, user_id, other_user_id from keys
    where event_kind = 'comment' and entity_id in (select comment_id from {{ ref('int_changed_comments') }})
    union all
    select post_id, user_id, other_user_id from keys
    where event_kind = 'interaction'
      and entity_id in (select interaction_id from {{ ref('int_changed_interactions') }})
)

select user_id from changed where user_id is not null
union
select other_user_id from changed where other_user_id is not null
union
select user_id from keys
where event_kind = 'post' and user_id is not null and entity_id in (select post_id from changed)
