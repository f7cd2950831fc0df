{# The window: the event hours of this build, UTC, end exclusive, from the variables window_start and window_end or, as
   good and quicker, from the environment: SOCIALSENT_WINDOW_START and SOCIALSENT_WINDOW_END. #}

{# Condition that a timestamp column lies in the window; true for every row when no window was given. Hours that
   another run has cleansed and not scored yet are in no window: the marts keep what they hold of them. #}
{% macro in_window(column) -%}
    {%- set window = build_window() -%}
    ({%- if window.start is none -%} 1 = 1
    {%- else -%} {{ column }} >= cast('{{ window.start }}' as timestamp) and {{ column }} < cast('{{ window.end }}' as timestamp)
    {%- endif -%}
    {%- for span in left_out_of_window() %} and not ({{ column }} >= cast('{{ span[0] }}' as timestamp) and {{ column }} < cast('{{ span[1] }}' as timestamp))
    {%- endfor -%})
{%- endmacro %}

{# [start, end) of the hours that are in no window, from SOCIALSENT_WINDOW_WITHOUT (`START/END,START/END`); only those
   that overlap it. #}
{% macro left_out_of_window() -%}
    {%- set spans = [] -%}
    {%- if execute -%}
        {%- set window = build_window() -%}
        {%- for part in env_var('SOCIALSENT_WINDOW_WITHOUT', '').split(',') if part -%}
            {%- set bounds = [] -%}
            {%- for text in part.split('/') -%}
                {%- do bounds.append(modules.datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")) -%}
            {%- endfor -%}
            {%- if window.start is none or (bounds[0] < window.end and bounds[1] > window.start) -%}
                {%- do spans.append(bounds) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(spans) }}
{%- endmacro %}

{# {start, end} as datetimes, both none for all history. Raises a compiler error for anything but whole hours in order. #}
{% macro build_window() -%}
    {%- set start = window_bound('window_start') -%}
    {%- set end = window_bound('window_end') -%}
    {%- if (start is none) != (end is none) -%}
        {{ exceptions.raise_compiler_error("give both window_start and window_end, or neither for all history") }}
    {%- endif -%}
    {%- if start is not none and end <= start -%}
        {{ exceptions.raise_compiler_error("window_end " ~ end ~ " is not after window_start " ~ start) }}
    {%- endif -%}
    {{ return({"start": start, "end": end}) }}
{%- endmacro %}

{# One bound as a datetime, none if it was not given or while dbt only parses: the environment read there would make
   every new window parse the project again, as new --vars do (five seconds that a build of one hour can save). #}
{% macro window_bound(name) -%}
    {%- if not execute -%} {{ return(none) }} {%- endif -%}
    {%- set text = (var(name, none) or env_var('SOCIALSENT_' ~ name | upper, '')) | string -%}
    {%- if not text -%} {{ return(none) }} {%- endif -%}
    {%- if not modules.re.fullmatch("\\d{4}-\\d\\d-\\d\\d[ T]\\d\\d:00:00", text) -%}
        {{ exceptions.raise_compiler_error(name ~ "=" ~ text ~ " is not a whole hour in UTC; write it like 2026-11-22 03:00:00") }}
    {%- endif -%}
    {{ return(modules.datetime.datetime.strptime(text.replace("T", " "), "%Y-%m-%d %H:%M:%S")) }}
{%- endmacro %}

{# The days (`YYYY-MM-DD`) that the window covers; none for all history. #}
{% macro window_days() -%}
    {%- set window = build_window() -%}
    {%- if window.start is none -%} {{ return(none) }} {%- endif -%}
    {%- set last = (window.end - modules.datetime.timedelta(seconds=1)).date() -%}
    {%- set days = [] -%}
    {%- for offset in range((last - window.start.date()).days + 1) -%}
        {%- do days.append((window.start.date() + modules.datetime.timedelta(days=offset)).isoformat()) -%}
    {%- endfor -%}
    {{ return(days) }}
{%- endmacro %}

{# Tests may use `where: __window__(event_hour)`: a mart's test then costs as much as the window, not as the history. #}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if not where -%} {{ return(relation) }} {%- endif -%}
    {%- set matched = modules.re.fullmatch("__window__\\((\\w+)\\)(.*)", where) -%}
    {%- if matched -%}
        {%- set where = in_window(matched.group(1)) ~ matched.group(2) -%}
    {%- endif -%}
    {{ return("(select * from " ~ relation ~ " where " ~ where ~ ") as dbt_subquery") }}
{%- endmacro %}
