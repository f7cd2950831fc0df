{{ config(meta={'dagster': {'ref': {'name': 'agg_sentiment_hourly'}}}) }}
-- Shares of every row of every aggregate sum to one, and its counts to what they are shares of.
{% for mart in ['agg_sentiment_hourly', 'agg_sentiment_daily', 'agg_topic_sentiment_daily'] %}
select {{ typed(mart) }} as mart, text_count
from {{ ref(mart) }}
where
    abs(positive_share + neutral_share + negative_share - 1) > 0.000001
    or positive_count + neutral_count + negative_count <> scored_count
    or scored_count + unscored_count <> text_count
    or abs(predicted_positive_share + predicted_neutral_share + predicted_negative_share - 1) > 0.000001
    or predicted_positive_count + predicted_neutral_count + predicted_negative_count <> predicted_count
    or post_count + comment_count <> text_count
{{ 'union all' if not loop.last }}
{% endfor %}
