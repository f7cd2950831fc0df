{# Once per deployment, before the first build on Redshift: show the lake's Glue databases as Spectrum schemas.

       dbt run-operation create_spectrum_schemas --target redshift

   Reads SOCIALSENT_SPECTRUM_ROLE_ARN (role that the cluster assumes to read the lake: s3:GetObject, s3:ListBucket,
   glue:GetTable, glue:GetPartitions, …) and SOCIALSENT_GLUE_DATABASE_CLEANSED, …_ANALYTICS. Running it again changes
   nothing; after a change of role or database: --args '{replace: true}'. That drops the schemas, which takes away
   names and grants, never files. The user needs the right to create schemas in the database. #}
{% macro create_spectrum_schemas(replace=false) -%}
    {%- if adapter.type() != 'redshift' -%}
        {{ exceptions.raise_compiler_error("Spectrum is part of Redshift: add --target redshift") }}
    {%- endif -%}
    {%- set role = env_var('SOCIALSENT_SPECTRUM_ROLE_ARN', '') -%}
    {%- if not modules.re.fullmatch("arn:aws[a-z-]*:iam::\\d{12}:role/[\\w+=,.@/-]+", role) -%}
        {{ exceptions.raise_compiler_error("SOCIALSENT_SPECTRUM_ROLE_ARN='" ~ role ~ "' is not the ARN of a role: set it to the role by which Redshift reads the lake") }}
    {%- endif -%}
    {%- for tier in ['cleansed', 'analytics'] -%}
        {%- set schema = spectrum_name(env_var('SOCIALSENT_SPECTRUM_' ~ tier | upper, 'spectrum_' ~ tier)) -%}
        {%- set database = spectrum_name(env_var('SOCIALSENT_GLUE_DATABASE_' ~ tier | upper, 'socialsent_' ~ tier)) -%}
        {%- if replace -%} {%- do run_query("drop schema if exists " ~ schema) -%} {%- endif -%}
        {%- do run_query(
            "create external schema if not exists " ~ schema ~ " from data catalog database '" ~ database
            ~ "' iam_role '" ~ role ~ "'"
        ) -%}
        {%- do log("schema " ~ schema ~ " shows the Glue database " ~ database, info=true) -%}
    {%- endfor -%}
{%- endmacro %}

{# A name that needs no quotes. #}
{% macro spectrum_name(name) -%}
    {%- if not modules.re.fullmatch("[a-z_][a-z0-9_]*", name) -%}
        {{ exceptions.raise_compiler_error("'" ~ name ~ "' is not a name of lower-case letters, digits and _") }}
    {%- endif -%}
    {{ return(name) }}
{%- endmacro %}
