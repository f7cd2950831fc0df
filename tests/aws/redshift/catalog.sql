-- Catalog objects that dbt-redshift asks Redshift for and PostgreSQL does not have, as empty or plain as they may be.
-- In pg_catalog, because dbt names them there; that takes a superuser and this setting.
set allow_system_table_mods = on;

create function pg_catalog.getdate() returns timestamp language sql stable as
$$ select (now() at time zone 'utc')::timestamp(0) $$;

-- No view is late binding here (dialect.py takes the clause away), so there is nothing to list.
create function pg_catalog.pg_get_late_binding_view_cols() returns setof record language sql stable as
$$ select null::name, null::name, null::name, null::varchar, null::int where false $$;

create view pg_catalog.svv_external_columns as
select null::text as schemaname, null::text as tablename, null::text as columnname, null::text as external_type,
    null::int as columnnum
where false;

create view pg_catalog.svv_external_schemas as
select null::text as schemaname, null::text as databasename, null::text as esoptions where false;

create view pg_catalog.svv_table_info as
select current_database()::text as "database", n.nspname::text as "schema", c.oid::bigint as table_id,
    c.relname::text as "table", 'N'::text as encoded, 'AUTO(ALL)'::text as diststyle, null::text as sortkey1,
    0 as max_varchar, null::text as sortkey1_enc, 0 as sortkey_num, 1::bigint as size, 0::numeric as pct_used,
    null::numeric as unsorted, 0::numeric as stats_off, c.reltuples::numeric as tbl_rows,
    null::numeric as skew_sortkey1, null::numeric as skew_rows
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and n.nspname !~ '^(pg_|information_schema)';

grant select on pg_catalog.svv_external_columns, pg_catalog.svv_external_schemas, pg_catalog.svv_table_info to public;
