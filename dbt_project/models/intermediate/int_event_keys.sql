{{ config(materialized='incremental', incremental_strategy='replace_window', full_refresh=false, tags=['reads_lake']) }}

-- depends_on: {{ ref('int_lake_hours') }}
-- Which entities and users the events of an hour are about, now or in any earlier state of that hour. Never shrinks:
-- an event that vanished from the lake still finds the mart rows that it made, also when a build was killed half way.
-- So it survives --full-refresh too.
with keys as (
    select
        event_hour,
        cast('post' as varchar(1024)) as event_kind,
        post_id as entity_id,
        post_id,
        author_id as user_id,
        cast(null as varchar(1024)) as other_user_id
    from {{ ref('stg_posts') }}
    union all
    select event_hour, 'comment', comment_id, post_id, author_id, null from {{ ref('stg_comments') }}
    union all
    select event_hour, 'interaction', interaction_id, post_id, actor_id, target_user_id from {{ ref('stg_interactions') }}
    union all
    select event_hour, 'user', user_id, null, user_id, null from {{ ref('stg_users') }}
    {% if is_incremental() %}
    union all
    select event_hour, event_kind, entity_id, post_id, user_id, other_user_id
    from {{ this }}
    where {{ in_window('event_hour') }}
    {% endif %}
)

select distinct event_hour, event_kind, entity_id, post_id, user_id, other_user_id from keys
