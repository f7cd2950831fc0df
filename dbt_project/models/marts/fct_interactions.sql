{{ config(
    unique_key='interaction_id',
    meta={'changed': 'int_changed_interactions'},
    dist='even',
    sort='event_hour'
) }}

with versions as (
    select * from {{ ref('int_interaction_versions') }}
    where {{ changed('interaction_id', ref('int_changed_interactions')) }}
),

latest as ({{ latest_version('versions', 'interaction_id') }})

select
    interaction_id,
    event_id,
    event_time,
    event_hour,
    cast(event_hour as date) as event_day,
    source,
    action,
    actor_id,
    post_id,
    target_user_id
from latest
where {{ not_deleted('interaction', 'interaction_id', users=['actor_id', 'target_user_id']) }}
