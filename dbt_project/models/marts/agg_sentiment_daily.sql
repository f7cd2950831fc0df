{{ config(unique_key='event_day', meta={'changed': 'int_changed_hours'}, dist='all', sort='event_day') }}

with texts as (
    select * from {{ ref('int_current_texts') }}
    where {{ changed('event_day', ref('int_changed_hours')) }}
)

select
    event_day,
    {{ mood_measures() }}
from texts
group by event_day
