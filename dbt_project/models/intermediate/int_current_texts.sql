{{ config(materialized='view') }}

-- Current posts and comments in one shape: the input of the agg_* marts.
select
    {{ typed('post') }} as text_kind, post_id as text_id, event_hour, event_day, author_id, topic,
    polarity, sentiment, unscored_reason, predicted_sentiment, predicted_polarity
from {{ ref('fct_posts') }}
union all
select
    {{ typed('comment') }} as text_kind, comment_id as text_id, event_hour, event_day, author_id, topic,
    polarity, sentiment, unscored_reason, predicted_sentiment, predicted_polarity
from {{ ref('fct_comments') }}
