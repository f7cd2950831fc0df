{{ config(unique_key='event_hour', meta={'changed': 'int_changed_hours'}, dist='all', sort='event_hour') }}

with texts as (
    select * from {{ ref('int_current_texts') }}
    where {{ changed('event_hour', ref('int_changed_hours')) }}
)

select
    event_hour,
    {{ mood_measures() }}
from texts
group by event_hour
