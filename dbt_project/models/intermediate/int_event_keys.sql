{{ config(
    materialized='incremental',
    incremental_strategy='replace_window',
    full_refresh=false,
    tags=['reads_lake'],
    dist='entity_id',
    sort='event_hour'
) }}

-- depends_on: {{ ref('int_lake_hours') }}
-- Which entities and users the events of an hour are about, now or in any earlier state of that hour. Never shrinks:
-- an event that vanished from the lake still finds the mart rows that it made, also when a build was killed half way.
-- So it survives --full-refresh too.
with keys as (
    select
        event_hour,
        {{ typed('post') }} as event_kind,
        post_id as entity_id,
        post_id,
        author_id as user_id,
        {{ typed(none) }} as other_user_id
    from {{ ref('stg_posts') }}
    union all
    select event_hour, {{ typed('comment') }}, comment_id, post_id, author_id, {{ typed(none) }}
    from {{ ref('stg_comments') }}
    union all
    select event_hour, {{ typed('interaction') }}, interaction_id, post_id, actor_id, target_user_id
    from {{ ref('stg_interactions') }}
    union all
    select event_hour, {{ typed('user') }}, user_id, {{ typed(none) }}, user_id, {{ typed(none) }}
    from {{ ref('stg_users') }}
    union all
    select event_hour, {{ typed('deletion') }}, subject_id, {{ typed(none) }}, {{ typed(none) }}, {{ typed(none) }}
    from {{ ref('stg_deletions') }}
    union all
    select
        event_hour,
        {{ typed('moderation_label') }},
        subject_id,
        {{ typed(none) }},
        {{ typed(none) }},
        {{ typed(none) }}
    from {{ ref('stg_moderation_labels') }}
    {% if is_incremental() %}
    union all
    select event_hour, event_kind, entity_id, post_id, user_id, other_user_id
    from {{ this }}
    where {{ in_window('event_hour') }}
    {% endif %}
)

select distinct event_hour, event_kind, entity_id, post_id, user_id, other_user_id from keys
