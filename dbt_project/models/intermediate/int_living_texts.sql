{{ config(materialized='view') }}

-- Living posts and comments in one shape: what the agg_* marts count.
select
    cast('post' as varchar(1024)) as text_kind, post_id as text_id, event_hour, event_day, author_id, topic,
    polarity, sentiment, unscored_reason
from {{ ref('fct_posts') }}
union all
select
    cast('comment' as varchar(1024)) as text_kind, comment_id as text_id, event_hour, event_day, author_id, topic,
    polarity, sentiment, unscored_reason
from {{ ref('fct_comments') }}
