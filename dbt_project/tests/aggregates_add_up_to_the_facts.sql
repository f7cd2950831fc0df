{{ config(meta={'dagster': {'ref': {'name': 'agg_sentiment_daily'}}}) }}
-- Hours, days and topics each count every current text once. Looks at the changed days alone: what a killed build of
-- another window left half done is that window's to repair.
with texts as (
    select event_day, cast(count(*) as bigint) as text_count from {{ ref('int_current_texts') }}
    where event_day in (select event_day from {{ ref('int_changed_hours') }})
    group by event_day
),

counted as (
    select event_day, {{ typed('daily') }} as mart, text_count from {{ ref('agg_sentiment_daily') }}
    union all
    select event_day, {{ typed('topic') }} as mart, cast(sum(text_count) as bigint) as text_count
    from {{ ref('agg_topic_sentiment_daily') }}
    group by event_day
)

select texts.event_day, texts.text_count
from texts
left join counted on texts.event_day = counted.event_day and texts.text_count = counted.text_count
group by texts.event_day, texts.text_count
having count(counted.mart) <> 2
