{{ config(
    unique_key='interaction_id',
    meta={'touched': 'int_touched_interactions'},
    dist='even',
    sort='event_hour'
) }}

with versions as (
    select * from {{ ref('int_interaction_versions') }}
    where {{ touched('interaction_id', ref('int_touched_interactions')) }}
),

living as ({{ living_version('versions', 'interaction_id') }})

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
from living
where {{ not_deleted('interaction', 'interaction_id', users=['actor_id', 'target_user_id']) }}
