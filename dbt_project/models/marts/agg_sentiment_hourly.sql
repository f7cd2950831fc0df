{{ config(unique_key='event_hour', meta={'touched': 'int_touched_hours'}, dist='all', sort='event_hour') }}

with texts as (
    select * from {{ ref('int_living_texts') }}
    where {{ touched('event_hour', ref('int_touched_hours')) }}
)

select
    event_hour,
    {{ mood_measures() }}
from texts
group by event_hour
