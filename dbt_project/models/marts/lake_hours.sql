{{ config(incremental_strategy='delete+insert', unique_key='event_hour', dist='all', sort='event_hour') }}

-- The receipt of the warehouse, so it waits for everything that the hours go into:
{% for model in [
    'dim_users', 'fct_posts', 'fct_comments', 'fct_interactions', 'agg_sentiment_hourly', 'agg_sentiment_daily',
    'agg_topic_sentiment_daily', 'agg_user_engagement', 'user_profile_history',
] -%}
-- depends_on: {{ ref(model) }}
{% endfor %}
select
    event_hour,
    records,
    accepted,
    duplicates,
    quarantined,
    scored,
    lake_version
from {{ ref('int_lake_hours') }}
where {{ '1 = 1' if execute and everything_else_is_selected() else '1 = 0' }}
