\i testdata/schema.sql
\d
\d+
\dt
\dt+
\di
\di+
\ds
\ds+
\dv
\dv+
\dtvs
\dtis shop.*
\dt *.item
\dt shop.
\dt nothing
\d nothing
\d plain
\d+ plain
\d nokey
\d+ nokey
\d "Odd Name"
\d shop.item
\d+ shop.item
\d item_note
\d+ item_note
\d plain_pkey
\d shop.item_pair
\d ident
\d+ ident
\d counter
\d+ counter
\d owned_by
\d ident_id_seq
\d ident_c_seq
\d fast
\d+ fast
\d cheap
\d shop.codes
\dn public|shop
\dn+ public|shop
\dn shop
\du
\du+
\du describe_*
\dg
\df
\df+
\df shop.*
\dT
\dT+
\dT shop.*
\db
\dp
\dp plain
\dp shop.*
\ddp
\do
\dc shop.*
\dC+ nothing
\dD
\dL nothing
\dx nothing
\dy
\det
\des
\dew
\deu
\dE
\dm
\dP
\dF nothing
\dRp
\dRs
\dO
\dX
\drds
\dd
\dl
\da shop.*
\dA
\dAc btree integer
\sf nothing
\z plain
\df pg_catalog.abs
\dT pg_catalog.int*
\da pg_catalog.count
\do pg_catalog.||
\dC pg_catalog.int4
\dconfig search_path
\d pg_class
\d pg_catalog.pg_namespace
\d information_schema.tables
\d pg_settings
\dt pg_catalog.pg_am*
\l template0
\l+ template?
\l postgres
