BEGIN TRANSACTION;
CREATE TABLE tr_journal (
	file TEXT NOT NULL, 
	"offset" BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (file)
);
CREATE TABLE tr_keys (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	parent_id TEXT, 
	team TEXT DEFAULT '' NOT NULL, 
	user TEXT DEFAULT '' NOT NULL, 
	allowed_models TEXT DEFAULT '' NOT NULL, 
	created_at_s FLOAT NOT NULL, 
	expires_at_s FLOAT, 
	enabled BOOLEAN NOT NULL, 
	hint TEXT DEFAULT '' NOT NULL, 
	comment TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name), 
	UNIQUE (digest)
);
INSERT INTO "tr_keys" VALUES('key_alice','alice',X'05DBDB56F8AF2DED0FE3FAB494979E5D57CF5508BE0292ECF8A7F3615FEE0D54','inferrer',NULL,'physics','alice@school.test','',1.0,NULL,1,'tr_upg…ghij','');
CREATE TABLE tr_ledger (
	id TEXT NOT NULL, 
	started_us BIGINT NOT NULL, 
	operation TEXT DEFAULT '' NOT NULL, 
	key_id TEXT DEFAULT '' NOT NULL, 
	key_name TEXT DEFAULT '' NOT NULL, 
	user TEXT DEFAULT '' NOT NULL, 
	team TEXT DEFAULT '' NOT NULL, 
	chain TEXT DEFAULT '' NOT NULL, 
	client_ip TEXT DEFAULT '' NOT NULL, 
	client_tool TEXT DEFAULT '' NOT NULL, 
	client_request_id TEXT DEFAULT '' NOT NULL, 
	alias TEXT DEFAULT '' NOT NULL, 
	requested_model TEXT DEFAULT '' NOT NULL, 
	provider TEXT DEFAULT '' NOT NULL, 
	model TEXT DEFAULT '' NOT NULL, 
	stream BOOLEAN NOT NULL, 
	status INTEGER NOT NULL, 
	end_reason TEXT DEFAULT '' NOT NULL, 
	error_code TEXT DEFAULT '' NOT NULL, 
	input_tokens BIGINT DEFAULT '0' NOT NULL, 
	output_tokens BIGINT DEFAULT '0' NOT NULL, 
	cached_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	cache_write_tokens BIGINT DEFAULT '0' NOT NULL, 
	reasoning_tokens BIGINT DEFAULT '0' NOT NULL, 
	audio_tokens BIGINT DEFAULT '0' NOT NULL, 
	estimated BOOLEAN NOT NULL, 
	overrun BIGINT DEFAULT '0' NOT NULL, 
	cost_nano_usd BIGINT, 
	price_source TEXT DEFAULT '' NOT NULL, 
	latency_us BIGINT DEFAULT '0' NOT NULL, 
	first_token_us BIGINT DEFAULT '0' NOT NULL, 
	bytes_in BIGINT DEFAULT '0' NOT NULL, 
	bytes_out BIGINT DEFAULT '0' NOT NULL, 
	changed TEXT DEFAULT '' NOT NULL, 
	provider_request_id TEXT DEFAULT '' NOT NULL, 
	count INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "tr_ledger" VALUES('req_00',1780000000000000,'chat','key_alice','alice','alice@school.test','physics','["key_alice"]','127.0.0.1','curl','','','openai/gpt-old','openai','gpt-old',1,200,'completed','',10,0,0,0,0,0,0,0,10000,'',900000,300000,100,200,'','',1);
INSERT INTO "tr_ledger" VALUES('req_01',1780086400000000,'chat','key_alice','alice','alice@school.test','physics','["key_alice"]','127.0.0.1','curl','','','lab/small','lab','small',0,200,'completed','',11,3,0,0,0,0,0,0,NULL,'',900001,300000,100,200,'','',1);
INSERT INTO "tr_ledger" VALUES('req_02',1780172800000000,'chat','key_alice','alice','alice@school.test','physics','["key_alice"]','127.0.0.1','curl','','','openai/gpt-old','openai','gpt-old',0,200,'completed','',12,6,0,0,0,0,0,0,12000,'',900002,300000,100,200,'','',1);
INSERT INTO "tr_ledger" VALUES('req_03',1780259200000000,'chat','key_alice','alice','alice@school.test','physics','["key_alice"]','127.0.0.1','curl','','','lab/small','lab','small',1,502,'provider_error','provider_error',0,0,0,0,0,0,0,0,NULL,'',900003,300000,100,200,'','',1);
INSERT INTO "tr_ledger" VALUES('req_04',1780345600000000,'chat','key_alice','alice','alice@school.test','physics','["key_alice"]','127.0.0.1','curl','','','openai/gpt-old','openai','gpt-old',0,200,'completed','',14,12,0,0,0,0,0,0,14000,'',900004,300000,100,200,'','',1);
CREATE TABLE tr_limit_use (
	limit_id TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	window_start_us BIGINT NOT NULL, 
	used BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (limit_id, scope, window_start_us)
);
CREATE TABLE tr_meta (
	name TEXT NOT NULL, 
	value BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "tr_meta" VALUES('catalog',3);
CREATE TABLE tr_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT tr_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "tr_schema" VALUES('0001');
CREATE TABLE tr_settings (
	"key" TEXT NOT NULL, 
	value TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE tr_setup_links (
	token_digest BLOB NOT NULL, 
	expires_at_s FLOAT NOT NULL, 
	used_at_s FLOAT, 
	PRIMARY KEY (token_digest)
);
CREATE TABLE tr_usage_daily (
	day TEXT NOT NULL, 
	key_id TEXT NOT NULL, 
	user TEXT NOT NULL, 
	team TEXT NOT NULL, 
	provider TEXT NOT NULL, 
	model TEXT NOT NULL, 
	key_name TEXT DEFAULT '' NOT NULL, 
	requests BIGINT DEFAULT '0' NOT NULL, 
	failed BIGINT DEFAULT '0' NOT NULL, 
	input_tokens BIGINT DEFAULT '0' NOT NULL, 
	output_tokens BIGINT DEFAULT '0' NOT NULL, 
	cached_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	cache_write_tokens BIGINT DEFAULT '0' NOT NULL, 
	reasoning_tokens BIGINT DEFAULT '0' NOT NULL, 
	audio_tokens BIGINT DEFAULT '0' NOT NULL, 
	cost_nano_usd BIGINT DEFAULT '0' NOT NULL, 
	unpriced_requests BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (day, key_id, user, team, provider, model)
);
INSERT INTO "tr_usage_daily" VALUES('2026-05-28','key_alice','alice@school.test','physics','openai','gpt-old','alice',1,0,10,0,0,0,0,0,10000,0);
INSERT INTO "tr_usage_daily" VALUES('2026-05-29','key_alice','alice@school.test','physics','lab','small','alice',1,0,11,3,0,0,0,0,0,1);
INSERT INTO "tr_usage_daily" VALUES('2026-05-30','key_alice','alice@school.test','physics','openai','gpt-old','alice',1,0,12,6,0,0,0,0,12000,0);
INSERT INTO "tr_usage_daily" VALUES('2026-05-31','key_alice','alice@school.test','physics','lab','small','alice',1,1,0,0,0,0,0,0,0,0);
INSERT INTO "tr_usage_daily" VALUES('2026-06-01','key_alice','alice@school.test','physics','openai','gpt-old','alice',1,0,14,12,0,0,0,0,14000,0);
CREATE INDEX ix_tr_keys_parent_id ON tr_keys (parent_id);
CREATE INDEX tr_ledger_key_time ON tr_ledger (key_id, started_us);
CREATE INDEX tr_ledger_time ON tr_ledger (started_us);
CREATE INDEX tr_ledger_model_time ON tr_ledger (provider, model, started_us);
CREATE INDEX tr_usage_daily_key ON tr_usage_daily (key_id, day);
COMMIT;
