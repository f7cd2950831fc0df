{# The measures of a group of texts (rows of int_living_texts), the same in every agg_* mart.

   The mean adds decimals: VADER's compound has four digits, so the sum is exact and does not depend on the order in
   which rows are read, as a sum of doubles would. #}
{% macro mood_measures() -%}
    cast(count(*) as bigint) as text_count,
    cast(sum(case when text_kind = 'post' then 1 else 0 end) as bigint) as post_count,
    cast(sum(case when text_kind = 'comment' then 1 else 0 end) as bigint) as comment_count,
    cast(count(distinct author_id) as bigint) as author_count,
    {%- for mood in ['positive', 'neutral', 'negative'] %}
    cast(sum(case when sentiment = '{{ mood }}' then 1 else 0 end) as bigint) as {{ mood }}_count,
    {%- endfor %}
    cast(sum(case when unscored_reason is not null then 1 else 0 end) as bigint) as unscored_count,
    {%- for mood in ['positive', 'neutral', 'negative'] %}
    cast(sum(case when sentiment = '{{ mood }}' then 1 else 0 end) as double precision) / count(*) as {{ mood }}_share,
    {%- endfor %}
    {{ exact_mean('polarity') }} as mean_polarity
{%- endmacro %}

{# Mean of a score with at most four decimals, the same to the last bit in whatever order rows are added. #}
{% macro exact_mean(column) -%}
    cast(sum(cast({{ column }} as decimal(18, 4))) as double precision) / nullif(count({{ column }}), 0)
{%- endmacro %}
