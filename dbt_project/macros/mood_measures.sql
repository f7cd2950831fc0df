{# The measures of a group of texts (rows of int_current_texts), the same in every agg_* mart.

   A text that was not scored is in no mood, share or mean of the lexicon; scored_share is their share. The
   champion's measures are over the texts on which it answered. The means add decimals: VADER's compound and the
   predicted polarity have four digits, so a sum is exact and does not depend on the order in which rows are read, as
   a sum of doubles would. #}
{% macro mood_measures() -%}
    {%- set moods = ['positive', 'neutral', 'negative'] -%}
    cast(count(*) as bigint) as text_count,
    cast(sum(case when text_kind = 'post' then 1 else 0 end) as bigint) as post_count,
    cast(sum(case when text_kind = 'comment' then 1 else 0 end) as bigint) as comment_count,
    cast(count(distinct author_id) as bigint) as author_count,
    {%- for mood in moods %}
    cast(sum(case when sentiment = '{{ mood }}' then 1 else 0 end) as bigint) as {{ mood }}_count,
    {%- endfor %}
    cast(count(sentiment) as bigint) as scored_count,
    cast(count(*) - count(sentiment) as bigint) as unscored_count,
    cast(count(sentiment) as double precision) / count(*) as scored_share,
    {%- for mood in moods %}
    {{ share_of('sentiment', mood) }} as {{ mood }}_share,
    {%- endfor %}
    {{ exact_mean('polarity') }} as mean_polarity,
    cast(count(predicted_sentiment) as bigint) as predicted_count,
    {%- for mood in moods %}
    cast(sum(case when predicted_sentiment = '{{ mood }}' then 1 else 0 end) as bigint) as predicted_{{ mood }}_count,
    {%- endfor %}
    {%- for mood in moods %}
    {{ share_of('predicted_sentiment', mood) }} as predicted_{{ mood }}_share,
    {%- endfor %}
    {{ exact_mean('predicted_polarity') }} as mean_predicted_polarity
{%- endmacro %}

{# Share of a mood among the rows that have one; null when none has. #}
{% macro share_of(column, mood) -%}
    cast(sum(case when {{ column }} = '{{ mood }}' then 1 else 0 end) as double precision) / nullif(count({{ column }}), 0)
{%- endmacro %}

{# Mean of a score with at most four decimals, the same to the last bit in whatever order rows are added. #}
{% macro exact_mean(column) -%}
    cast(sum(cast({{ column }} as decimal(18, 4))) as double precision) / nullif(count({{ column }}), 0)
{%- endmacro %}
