{{ config(unique_key='comment_id', meta={'changed': 'int_changed_comments'}, dist='post_id', sort='event_hour') }}

with versions as (
    select * from {{ ref('int_comment_versions') }}
    where {{ changed('comment_id', ref('int_changed_comments')) }}
),

latest as ({{ latest_version('versions', 'comment_id') }}),

posts as (select post_id, topic from {{ ref('fct_posts') }})

select
    latest.comment_id,
    latest.post_id,
    latest.parent_comment_id,
    latest.event_id,
    latest.event_time,
    latest.event_hour,
    cast(latest.event_hour as date) as event_day,
    latest.first_event_time as created_at,
    case when latest.version_count > 1 then latest.event_time end as edited_at,
    latest.version_count > 1 as is_edited,
    cast(latest.version_count as bigint) as version_count,
    latest.source,
    latest.author_id,
    latest.text,
    latest.clean_text,
    latest.lang,
    latest.detected_lang,
    posts.topic,
    latest.hashtags,
    latest.polarity,
    latest.pos,
    latest.neu,
    latest.neg,
    latest.sentiment,
    latest.unscored_reason,
    latest.predicted_sentiment,
    latest.predicted_probability,
    latest.predicted_negative_probability,
    latest.predicted_neutral_probability,
    latest.predicted_positive_probability,
    latest.predicted_polarity,
    latest.scorer_version,
    latest.model_version
from latest
left join posts on latest.post_id = posts.post_id
where not latest.deleted and {{ not_deleted('comment', 'latest.comment_id', users=['latest.author_id']) }}
