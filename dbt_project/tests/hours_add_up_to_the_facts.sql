{{ config(meta={'dagster': {'ref': {'name': 'agg_sentiment_hourly'}}}) }}
-- Every changed hour counts every current text once.
with texts as (
    select event_hour, cast(count(*) as bigint) as text_count from {{ ref('int_current_texts') }}
    where event_hour in (select event_hour from {{ ref('int_changed_hours') }})
    group by event_hour
),

hours as (
    select event_hour, text_count from {{ ref('agg_sentiment_hourly') }}
    where event_hour in (select event_hour from {{ ref('int_changed_hours') }})
)

(select * from texts except select * from hours)
union all
(select * from hours except select * from texts)
