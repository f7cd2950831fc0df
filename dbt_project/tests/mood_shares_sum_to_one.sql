{{ config(meta={'dagster': {'ref': {'name': 'agg_sentiment_hourly'}}}) }}
-- The three shares of every row of every aggregate sum to one, and the counts to text_count.
{% for mart in ['agg_sentiment_hourly', 'agg_sentiment_daily', 'agg_topic_sentiment_daily'] %}
select {{ typed(mart) }} as mart, text_count
from {{ ref(mart) }}
where
    abs(positive_share + neutral_share + negative_share - 1) > 0.000001
    or positive_count + neutral_count + negative_count <> text_count
    or post_count + comment_count <> text_count
{{ 'union all' if not loop.last }}
{% endfor %}
