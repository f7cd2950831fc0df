{{ config(unique_key='comment_id', meta={'touched': 'int_touched_comments'}, dist='post_id', sort='event_hour') }}

with versions as (
    select * from {{ ref('int_comment_versions') }}
    where {{ touched('comment_id', ref('int_touched_comments')) }}
),

living as ({{ living_version('versions', 'comment_id') }}),

posts as (select post_id, topic from {{ ref('fct_posts') }})

select
    living.comment_id,
    living.post_id,
    living.parent_comment_id,
    living.event_id,
    living.event_time,
    living.event_hour,
    cast(living.event_hour as date) as event_day,
    living.first_event_time as created_at,
    case when living.version_count > 1 then living.event_time end as edited_at,
    living.version_count > 1 as is_edited,
    cast(living.version_count as bigint) as version_count,
    living.source,
    living.author_id,
    living.text,
    living.clean_text,
    living.lang,
    living.detected_lang,
    posts.topic,
    living.hashtags,
    living.polarity,
    living.pos,
    living.neu,
    living.neg,
    living.sentiment,
    living.unscored_reason,
    living.predicted_sentiment,
    living.predicted_probability,
    living.predicted_negative_probability,
    living.predicted_neutral_probability,
    living.predicted_positive_probability,
    living.predicted_polarity,
    living.scorer_version,
    living.model_version
from living
left join posts on living.post_id = posts.post_id
where not living.deleted and {{ not_deleted('comment', 'living.comment_id', users=['living.author_id']) }}
