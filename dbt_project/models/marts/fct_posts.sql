{{ config(unique_key='post_id', meta={'changed': 'int_changed_posts'}, dist='post_id', sort='event_hour') }}

with versions as (
    select * from {{ ref('int_post_versions') }}
    where {{ changed('post_id', ref('int_changed_posts')) }}
),

latest as ({{ latest_version('versions', 'post_id') }})

select
    post_id,
    event_id,
    event_time,
    event_hour,
    cast(event_hour as date) as event_day,
    first_event_time as created_at,
    case when version_count > 1 then event_time end as edited_at,
    version_count > 1 as is_edited,
    cast(version_count as bigint) as version_count,
    source,
    author_id,
    text,
    clean_text,
    lang,
    detected_lang,
    topic,
    hashtags,
    place,
    polarity,
    pos,
    neu,
    neg,
    sentiment,
    unscored_reason,
    predicted_sentiment,
    predicted_probability,
    predicted_negative_probability,
    predicted_neutral_probability,
    predicted_positive_probability,
    predicted_polarity,
    scorer_version,
    model_version
from latest
where not deleted and {{ not_deleted('post', 'post_id', users=['author_id']) }}
