{{ config(
    materialized='incremental',
    incremental_strategy='replace_window',
    tags=['reads_lake'],
    dist='comment_id',
    sort='event_hour'
) }}

-- depends_on: {{ ref('int_lake_hours') }}
with comments as (select * from {{ ref('stg_comments') }}),
scores as (select * from {{ ref('stg_sentiment') }} where text_kind = 'comment')

select
    comments.*,
    scores.detected_lang,
    scores.polarity,
    scores.pos,
    scores.neu,
    scores.neg,
    scores.sentiment,
    scores.unscored_reason,
    scores.predicted_sentiment,
    scores.predicted_probability,
    scores.predicted_negative_probability,
    scores.predicted_neutral_probability,
    scores.predicted_positive_probability,
    scores.predicted_polarity,
    scores.scorer_version,
    scores.model_version
from comments
left join scores on comments.event_hour = scores.event_hour and comments.event_id = scores.event_id
