BEGIN TRANSACTION;
CREATE TABLE tr_access_codes (
	id TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	hint TEXT DEFAULT '' NOT NULL, 
	team TEXT DEFAULT '' NOT NULL, 
	quota_tokens BIGINT, 
	allowed_models TEXT DEFAULT '' NOT NULL, 
	max_uses INTEGER, 
	uses INTEGER DEFAULT '0' NOT NULL, 
	expires_at_s FLOAT, 
	enabled BOOLEAN DEFAULT 1 NOT NULL, 
	comment TEXT DEFAULT '' NOT NULL, 
	created_at_s FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (digest)
);
CREATE TABLE tr_activity (
	step TEXT NOT NULL, 
	dimension TEXT NOT NULL, 
	slot_s BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	label TEXT DEFAULT '' NOT NULL, 
	requests BIGINT DEFAULT '0' NOT NULL, 
	failed BIGINT DEFAULT '0' NOT NULL, 
	input_tokens BIGINT DEFAULT '0' NOT NULL, 
	output_tokens BIGINT DEFAULT '0' NOT NULL, 
	cached_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	reasoning_tokens BIGINT DEFAULT '0' NOT NULL, 
	cost_nano_usd BIGINT DEFAULT '0' NOT NULL, 
	unpriced_requests BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (step, dimension, slot_s, name)
)
 WITHOUT ROWID

;
INSERT INTO "tr_activity" VALUES('day','all',1779926400,'','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('day','all',1780012800,'','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('day','all',1780099200,'','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('day','all',1780185600,'','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('day','all',1780272000,'','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('day','ip',1779926400,'127.0.0.1','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('day','ip',1780012800,'127.0.0.1','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('day','ip',1780099200,'127.0.0.1','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('day','ip',1780185600,'127.0.0.1','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('day','ip',1780272000,'127.0.0.1','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('day','key',1779926400,'key_alice','alice',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('day','key',1780012800,'key_alice','alice',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('day','key',1780099200,'key_alice','alice',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('day','key',1780185600,'key_alice','alice',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('day','key',1780272000,'key_alice','alice',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('day','model',1779926400,'openai/gpt-old','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('day','model',1780012800,'lab/small','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('day','model',1780099200,'openai/gpt-old','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('day','model',1780185600,'lab/small','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('day','model',1780272000,'openai/gpt-old','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('day','provider',1779926400,'openai','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('day','provider',1780012800,'lab','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('day','provider',1780099200,'openai','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('day','provider',1780185600,'lab','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('day','provider',1780272000,'openai','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('day','team',1779926400,'physics','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('day','team',1780012800,'physics','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('day','team',1780099200,'physics','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('day','team',1780185600,'physics','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('day','team',1780272000,'physics','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('day','tool',1779926400,'curl','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('day','tool',1780012800,'curl','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('day','tool',1780099200,'curl','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('day','tool',1780185600,'curl','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('day','tool',1780272000,'curl','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('day','user',1779926400,'alice@school.test','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('day','user',1780012800,'alice@school.test','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('day','user',1780099200,'alice@school.test','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('day','user',1780185600,'alice@school.test','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('day','user',1780272000,'alice@school.test','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('hour','all',1779998400,'','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('hour','all',1780084800,'','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('hour','all',1780171200,'','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('hour','all',1780257600,'','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('hour','all',1780344000,'','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('hour','ip',1779998400,'127.0.0.1','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('hour','ip',1780084800,'127.0.0.1','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('hour','ip',1780171200,'127.0.0.1','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('hour','ip',1780257600,'127.0.0.1','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('hour','ip',1780344000,'127.0.0.1','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('hour','key',1779998400,'key_alice','alice',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('hour','key',1780084800,'key_alice','alice',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('hour','key',1780171200,'key_alice','alice',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('hour','key',1780257600,'key_alice','alice',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('hour','key',1780344000,'key_alice','alice',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('hour','model',1779998400,'openai/gpt-old','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('hour','model',1780084800,'lab/small','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('hour','model',1780171200,'openai/gpt-old','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('hour','model',1780257600,'lab/small','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('hour','model',1780344000,'openai/gpt-old','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('hour','provider',1779998400,'openai','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('hour','provider',1780084800,'lab','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('hour','provider',1780171200,'openai','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('hour','provider',1780257600,'lab','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('hour','provider',1780344000,'openai','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('hour','team',1779998400,'physics','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('hour','team',1780084800,'physics','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('hour','team',1780171200,'physics','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('hour','team',1780257600,'physics','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('hour','team',1780344000,'physics','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('hour','tool',1779998400,'curl','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('hour','tool',1780084800,'curl','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('hour','tool',1780171200,'curl','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('hour','tool',1780257600,'curl','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('hour','tool',1780344000,'curl','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('hour','user',1779998400,'alice@school.test','',1,0,10,0,0,0,10000,0);
INSERT INTO "tr_activity" VALUES('hour','user',1780084800,'alice@school.test','',1,0,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('hour','user',1780171200,'alice@school.test','',1,0,12,6,0,0,12000,0);
INSERT INTO "tr_activity" VALUES('hour','user',1780257600,'alice@school.test','',1,1,0,0,0,0,0,0);
INSERT INTO "tr_activity" VALUES('hour','user',1780344000,'alice@school.test','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('month','all',1777593600,'','',4,1,33,9,0,0,22000,1);
INSERT INTO "tr_activity" VALUES('month','all',1780272000,'','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('month','ip',1777593600,'127.0.0.1','',4,1,33,9,0,0,22000,1);
INSERT INTO "tr_activity" VALUES('month','ip',1780272000,'127.0.0.1','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('month','key',1777593600,'key_alice','alice',4,1,33,9,0,0,22000,1);
INSERT INTO "tr_activity" VALUES('month','key',1780272000,'key_alice','alice',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('month','model',1777593600,'lab/small','',2,1,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('month','model',1777593600,'openai/gpt-old','',2,0,22,6,0,0,22000,0);
INSERT INTO "tr_activity" VALUES('month','model',1780272000,'openai/gpt-old','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('month','provider',1777593600,'lab','',2,1,11,3,0,0,0,1);
INSERT INTO "tr_activity" VALUES('month','provider',1777593600,'openai','',2,0,22,6,0,0,22000,0);
INSERT INTO "tr_activity" VALUES('month','provider',1780272000,'openai','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('month','team',1777593600,'physics','',4,1,33,9,0,0,22000,1);
INSERT INTO "tr_activity" VALUES('month','team',1780272000,'physics','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('month','tool',1777593600,'curl','',4,1,33,9,0,0,22000,1);
INSERT INTO "tr_activity" VALUES('month','tool',1780272000,'curl','',1,0,14,12,0,0,14000,0);
INSERT INTO "tr_activity" VALUES('month','user',1777593600,'alice@school.test','',4,1,33,9,0,0,22000,1);
INSERT INTO "tr_activity" VALUES('month','user',1780272000,'alice@school.test','',1,0,14,12,0,0,14000,0);
CREATE TABLE tr_adjustments (
	number INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	limit_id TEXT DEFAULT '' NOT NULL, 
	scope TEXT DEFAULT '' NOT NULL, 
	amount BIGINT NOT NULL, 
	at_us BIGINT NOT NULL, 
	made_us BIGINT NOT NULL, 
	made_by TEXT DEFAULT '' NOT NULL, 
	reason TEXT DEFAULT '' NOT NULL, 
	request_id TEXT DEFAULT '' NOT NULL, 
	once TEXT, 
	PRIMARY KEY (number), 
	UNIQUE (once)
);
CREATE TABLE tr_aliases (
	scope TEXT NOT NULL, 
	name TEXT NOT NULL, 
	said TEXT DEFAULT '' NOT NULL, 
	comment TEXT DEFAULT '' NOT NULL, 
	made_by TEXT DEFAULT '' NOT NULL, 
	created_at_s FLOAT NOT NULL, 
	PRIMARY KEY (scope, name)
);
CREATE TABLE tr_audit (
	number INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, 
	actor_kind VARCHAR(16) NOT NULL, 
	actor_id TEXT DEFAULT '' NOT NULL, 
	actor_name TEXT DEFAULT '' NOT NULL, 
	address TEXT DEFAULT '' NOT NULL, 
	action TEXT DEFAULT '' NOT NULL, 
	kind TEXT DEFAULT '' NOT NULL, 
	subject_id TEXT DEFAULT '' NOT NULL, 
	subject_name TEXT DEFAULT '' NOT NULL, 
	"before" TEXT DEFAULT '' NOT NULL, 
	"after" TEXT DEFAULT '' NOT NULL, 
	hash TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (number)
);
CREATE TABLE tr_balances (
	period TEXT NOT NULL, 
	key_id TEXT NOT NULL, 
	user TEXT NOT NULL, 
	team TEXT NOT NULL, 
	provider TEXT NOT NULL, 
	model TEXT NOT NULL, 
	alias TEXT NOT NULL, 
	chain TEXT NOT NULL, 
	admitted BOOLEAN NOT NULL, 
	key_name TEXT DEFAULT '' NOT NULL, 
	requests BIGINT DEFAULT '0' NOT NULL, 
	failed BIGINT DEFAULT '0' NOT NULL, 
	input_tokens BIGINT DEFAULT '0' NOT NULL, 
	output_tokens BIGINT DEFAULT '0' NOT NULL, 
	cached_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	cache_write_tokens BIGINT DEFAULT '0' NOT NULL, 
	reasoning_tokens BIGINT DEFAULT '0' NOT NULL, 
	audio_tokens BIGINT DEFAULT '0' NOT NULL, 
	cache_write_1h_tokens BIGINT DEFAULT '0' NOT NULL, 
	audio_output_tokens BIGINT DEFAULT '0' NOT NULL, 
	image_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	image_output_tokens BIGINT DEFAULT '0' NOT NULL, 
	cost_nano_usd BIGINT DEFAULT '0' NOT NULL, 
	unpriced_requests BIGINT DEFAULT '0' NOT NULL, 
	first_us BIGINT NOT NULL, 
	last_us BIGINT NOT NULL, 
	PRIMARY KEY (period, key_id, user, team, provider, model, alias, chain, admitted)
);
CREATE TABLE tr_capture_rules (
	scope TEXT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	made_by TEXT DEFAULT '' NOT NULL, 
	created_at_s FLOAT NOT NULL, 
	PRIMARY KEY (scope)
);
CREATE TABLE tr_conversation_files (
	file TEXT NOT NULL, 
	PRIMARY KEY (file)
);
CREATE TABLE tr_conversation_records (
	number INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	conversation_id TEXT DEFAULT '' NOT NULL, 
	kind TEXT DEFAULT '' NOT NULL, 
	outcome TEXT DEFAULT '' NOT NULL, 
	provider TEXT DEFAULT '' NOT NULL, 
	model TEXT DEFAULT '' NOT NULL, 
	operation TEXT DEFAULT '' NOT NULL, 
	client_ip TEXT DEFAULT '' NOT NULL, 
	started_us BIGINT DEFAULT '0' NOT NULL, 
	ended_us BIGINT DEFAULT '0' NOT NULL, 
	status BIGINT DEFAULT '0' NOT NULL, 
	bytes BIGINT DEFAULT '0' NOT NULL, 
	response_ref TEXT DEFAULT '' NOT NULL, 
	asker_ref TEXT DEFAULT '' NOT NULL, 
	gist BLOB NOT NULL, 
	sealed BLOB NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (id)
);
CREATE TABLE tr_conversations (
	id TEXT NOT NULL, 
	key_id TEXT DEFAULT '' NOT NULL, 
	"key" TEXT DEFAULT '' NOT NULL, 
	user TEXT DEFAULT '' NOT NULL, 
	team TEXT DEFAULT '' NOT NULL, 
	operation TEXT DEFAULT '' NOT NULL, 
	provider TEXT DEFAULT '' NOT NULL, 
	model TEXT DEFAULT '' NOT NULL, 
	client_ip TEXT DEFAULT '' NOT NULL, 
	begun_us BIGINT DEFAULT '0' NOT NULL, 
	last_us BIGINT DEFAULT '0' NOT NULL, 
	requests BIGINT DEFAULT '0' NOT NULL, 
	internal BIGINT DEFAULT '0' NOT NULL, 
	bytes BIGINT DEFAULT '0' NOT NULL, 
	sealed BLOB NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE tr_journal (
	file TEXT NOT NULL, 
	"offset" BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (file)
);
CREATE TABLE tr_key_changes (
	version BIGINT NOT NULL, 
	key_id TEXT NOT NULL, 
	PRIMARY KEY (version, key_id)
);
CREATE TABLE "tr_keys" (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	parent_id TEXT, 
	team TEXT DEFAULT ('') NOT NULL, 
	user TEXT DEFAULT ('') NOT NULL, 
	allowed_models TEXT DEFAULT ('') NOT NULL, 
	created_at_s FLOAT NOT NULL, 
	expires_at_s FLOAT, 
	enabled BOOLEAN NOT NULL, 
	hint TEXT DEFAULT ('') NOT NULL, 
	comment TEXT DEFAULT ('') NOT NULL, 
	passthrough BOOLEAN DEFAULT 0 NOT NULL, 
	unpriced TEXT DEFAULT ('') NOT NULL, 
	allow_unpriced BOOLEAN DEFAULT 0 NOT NULL, 
	clamp BOOLEAN DEFAULT 1 NOT NULL, 
	unbounded_input TEXT DEFAULT ('') NOT NULL, 
	cache TEXT DEFAULT ('') NOT NULL, 
	allowed_ips TEXT DEFAULT '' NOT NULL, 
	"temporary" BOOLEAN DEFAULT 0 NOT NULL, 
	previous_digest BLOB, 
	previous_until_s FLOAT, words TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT tr_keys_previous_digest_key UNIQUE (previous_digest), 
	UNIQUE (digest), 
	UNIQUE (name)
);
INSERT INTO "tr_keys" VALUES('key_alice','alice',X'05DBDB56F8AF2DED0FE3FAB494979E5D57CF5508BE0292ECF8A7F3615FEE0D54','inferrer',NULL,'physics','alice@school.test','[]',1.0,NULL,1,'tr_upg…ghij','',0,'',0,1,'','','[]',0,NULL,NULL,'');
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
	count INTEGER NOT NULL, cache_write_1h_tokens BIGINT DEFAULT '0' NOT NULL, audio_output_tokens BIGINT DEFAULT '0' NOT NULL, image_input_tokens BIGINT DEFAULT '0' NOT NULL, image_output_tokens BIGINT DEFAULT '0' NOT NULL, provider_requests BIGINT DEFAULT '1' NOT NULL, tier TEXT DEFAULT '' NOT NULL, answered_by TEXT DEFAULT '' NOT NULL, origin_id TEXT DEFAULT '' NOT NULL, saved_nano_usd BIGINT DEFAULT '0' NOT NULL, decision TEXT DEFAULT '' NOT NULL, traceparent TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "tr_ledger" VALUES('req_00',1780000000000000,'chat','key_alice','alice','alice@school.test','physics','["key_alice"]','127.0.0.1','curl','','','openai/gpt-old','openai','gpt-old',1,200,'completed','',10,0,0,0,0,0,0,0,10000,'',900000,300000,100,200,'','',1,0,0,0,0,1,'','','',0,'','');
INSERT INTO "tr_ledger" VALUES('req_01',1780086400000000,'chat','key_alice','alice','alice@school.test','physics','["key_alice"]','127.0.0.1','curl','','','lab/small','lab','small',0,200,'completed','',11,3,0,0,0,0,0,0,NULL,'',900001,300000,100,200,'','',1,0,0,0,0,1,'','','',0,'','');
INSERT INTO "tr_ledger" VALUES('req_02',1780172800000000,'chat','key_alice','alice','alice@school.test','physics','["key_alice"]','127.0.0.1','curl','','','openai/gpt-old','openai','gpt-old',0,200,'completed','',12,6,0,0,0,0,0,0,12000,'',900002,300000,100,200,'','',1,0,0,0,0,1,'','','',0,'','');
INSERT INTO "tr_ledger" VALUES('req_03',1780259200000000,'chat','key_alice','alice','alice@school.test','physics','["key_alice"]','127.0.0.1','curl','','','lab/small','lab','small',1,502,'provider_error','provider_error',0,0,0,0,0,0,0,0,NULL,'',900003,300000,100,200,'','',1,0,0,0,0,1,'','','',0,'','');
INSERT INTO "tr_ledger" VALUES('req_04',1780345600000000,'chat','key_alice','alice','alice@school.test','physics','["key_alice"]','127.0.0.1','curl','','','openai/gpt-old','openai','gpt-old',0,200,'completed','',14,12,0,0,0,0,0,0,14000,'',900004,300000,100,200,'','',1,0,0,0,0,1,'','','',0,'','');
CREATE TABLE tr_limit_first_use (
	limit_id TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	first_us BIGINT NOT NULL, 
	PRIMARY KEY (limit_id, scope)
);
CREATE TABLE tr_limit_use (
	limit_id TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	window_start_us BIGINT NOT NULL, 
	used BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (limit_id, scope, window_start_us)
);
CREATE TABLE tr_limits (
	id TEXT NOT NULL, 
	scope TEXT DEFAULT '' NOT NULL, 
	metric VARCHAR(16) NOT NULL, 
	window TEXT DEFAULT '' NOT NULL, 
	tz TEXT DEFAULT '' NOT NULL, 
	week_start INTEGER NOT NULL, 
	amount BIGINT NOT NULL, 
	mode VARCHAR(4) NOT NULL, 
	boost BIGINT DEFAULT '0' NOT NULL, 
	boost_until_s FLOAT NOT NULL, 
	carry_over BIGINT DEFAULT '0' NOT NULL, 
	comment TEXT DEFAULT '' NOT NULL, 
	made_by TEXT DEFAULT '' NOT NULL, 
	created_at_s FLOAT NOT NULL, handle TEXT DEFAULT '' NOT NULL, words TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT tr_limits_kind UNIQUE (scope, metric, window, mode)
);
INSERT INTO "tr_limits" VALUES('key:alice|requests|lifetime','key:alice','requests','lifetime','',0,1000,'hard',0,0.0,0,'','',1.0,'lim_1','key:alice
');
CREATE TABLE tr_members (
	team TEXT NOT NULL, 
	user TEXT NOT NULL, 
	admin BOOLEAN NOT NULL, 
	given_by TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (team, user)
);
CREATE TABLE tr_meta (
	name TEXT NOT NULL, 
	value BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "tr_meta" VALUES('catalog',3);
CREATE TABLE tr_numbers (
	kind TEXT NOT NULL, 
	number BIGINT NOT NULL, 
	subject TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (kind, number), 
	CONSTRAINT tr_numbers_subject UNIQUE (kind, subject)
);
CREATE TABLE tr_password_links (
	digest BLOB NOT NULL, 
	user_id TEXT DEFAULT '' NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	expires_at_s FLOAT NOT NULL, 
	PRIMARY KEY (digest)
);
CREATE TABLE tr_prices (
	name TEXT NOT NULL, 
	said TEXT DEFAULT '' NOT NULL, 
	comment TEXT DEFAULT '' NOT NULL, 
	made_by TEXT DEFAULT '' NOT NULL, 
	changed_at_s FLOAT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE tr_providers (
	name TEXT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	said TEXT DEFAULT '' NOT NULL, 
	comment TEXT DEFAULT '' NOT NULL, 
	made_by TEXT DEFAULT '' NOT NULL, 
	created_at_s FLOAT NOT NULL, 
	changed_at_s FLOAT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE tr_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT tr_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "tr_schema" VALUES('0022');
CREATE TABLE tr_secrets (
	kind TEXT NOT NULL, 
	id TEXT NOT NULL, 
	field TEXT NOT NULL, 
	key_id TEXT DEFAULT '' NOT NULL, 
	wrapped BLOB NOT NULL, 
	sealed BLOB NOT NULL, 
	hint TEXT DEFAULT '' NOT NULL, 
	created_at_s FLOAT NOT NULL, 
	rotated_at_s FLOAT, 
	PRIMARY KEY (kind, id, field)
);
CREATE TABLE tr_sessions (
	digest BLOB NOT NULL, 
	id TEXT DEFAULT '' NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	user_id TEXT DEFAULT '' NOT NULL, 
	key_digest BLOB, 
	created_at_s FLOAT NOT NULL, 
	seen_at_s FLOAT NOT NULL, 
	expires_at_s FLOAT NOT NULL, 
	address TEXT DEFAULT '' NOT NULL, 
	agent TEXT DEFAULT '' NOT NULL, way TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (digest)
);
CREATE TABLE tr_settings (
	"key" TEXT NOT NULL, 
	value TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "tr_settings" VALUES('activity_fine_hours_since_s','1777248000');
CREATE TABLE tr_setup_links (
	token_digest BLOB NOT NULL, 
	expires_at_s FLOAT NOT NULL, 
	used_at_s FLOAT, 
	PRIMARY KEY (token_digest)
);
CREATE TABLE tr_sign_in_waits (
	subject TEXT NOT NULL, 
	failures INTEGER NOT NULL, 
	last_s FLOAT NOT NULL, 
	PRIMARY KEY (subject)
);
CREATE TABLE tr_speeds (
	step TEXT NOT NULL, 
	dimension TEXT NOT NULL, 
	slot_s BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	prompt_tokens BIGINT DEFAULT '0' NOT NULL, 
	prompt_us BIGINT DEFAULT '0' NOT NULL, 
	generated_tokens BIGINT DEFAULT '0' NOT NULL, 
	generation_us BIGINT DEFAULT '0' NOT NULL, 
	latency_0 BIGINT DEFAULT '0' NOT NULL, 
	latency_1 BIGINT DEFAULT '0' NOT NULL, 
	latency_2 BIGINT DEFAULT '0' NOT NULL, 
	latency_3 BIGINT DEFAULT '0' NOT NULL, 
	latency_4 BIGINT DEFAULT '0' NOT NULL, 
	latency_5 BIGINT DEFAULT '0' NOT NULL, 
	latency_6 BIGINT DEFAULT '0' NOT NULL, 
	latency_7 BIGINT DEFAULT '0' NOT NULL, 
	latency_8 BIGINT DEFAULT '0' NOT NULL, 
	latency_9 BIGINT DEFAULT '0' NOT NULL, 
	latency_10 BIGINT DEFAULT '0' NOT NULL, 
	latency_11 BIGINT DEFAULT '0' NOT NULL, 
	latency_12 BIGINT DEFAULT '0' NOT NULL, 
	latency_13 BIGINT DEFAULT '0' NOT NULL, 
	latency_14 BIGINT DEFAULT '0' NOT NULL, 
	latency_15 BIGINT DEFAULT '0' NOT NULL, 
	latency_16 BIGINT DEFAULT '0' NOT NULL, 
	latency_17 BIGINT DEFAULT '0' NOT NULL, 
	latency_18 BIGINT DEFAULT '0' NOT NULL, 
	latency_19 BIGINT DEFAULT '0' NOT NULL, 
	latency_20 BIGINT DEFAULT '0' NOT NULL, 
	latency_21 BIGINT DEFAULT '0' NOT NULL, 
	latency_22 BIGINT DEFAULT '0' NOT NULL, 
	latency_23 BIGINT DEFAULT '0' NOT NULL, 
	first_token_0 BIGINT DEFAULT '0' NOT NULL, 
	first_token_1 BIGINT DEFAULT '0' NOT NULL, 
	first_token_2 BIGINT DEFAULT '0' NOT NULL, 
	first_token_3 BIGINT DEFAULT '0' NOT NULL, 
	first_token_4 BIGINT DEFAULT '0' NOT NULL, 
	first_token_5 BIGINT DEFAULT '0' NOT NULL, 
	first_token_6 BIGINT DEFAULT '0' NOT NULL, 
	first_token_7 BIGINT DEFAULT '0' NOT NULL, 
	first_token_8 BIGINT DEFAULT '0' NOT NULL, 
	first_token_9 BIGINT DEFAULT '0' NOT NULL, 
	first_token_10 BIGINT DEFAULT '0' NOT NULL, 
	first_token_11 BIGINT DEFAULT '0' NOT NULL, 
	first_token_12 BIGINT DEFAULT '0' NOT NULL, 
	first_token_13 BIGINT DEFAULT '0' NOT NULL, 
	first_token_14 BIGINT DEFAULT '0' NOT NULL, 
	first_token_15 BIGINT DEFAULT '0' NOT NULL, 
	first_token_16 BIGINT DEFAULT '0' NOT NULL, 
	first_token_17 BIGINT DEFAULT '0' NOT NULL, 
	first_token_18 BIGINT DEFAULT '0' NOT NULL, 
	first_token_19 BIGINT DEFAULT '0' NOT NULL, 
	first_token_20 BIGINT DEFAULT '0' NOT NULL, 
	first_token_21 BIGINT DEFAULT '0' NOT NULL, 
	first_token_22 BIGINT DEFAULT '0' NOT NULL, 
	first_token_23 BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (step, dimension, slot_s, name)
)
 WITHOUT ROWID

;
INSERT INTO "tr_speeds" VALUES('day','all',1779926400,'',10,300000,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','all',1780012800,'',11,300000,3,600001,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','all',1780099200,'',12,300000,6,600002,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','all',1780272000,'',14,300000,12,600004,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','model',1779926400,'openai/gpt-old',10,300000,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','model',1780012800,'lab/small',11,300000,3,600001,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','model',1780099200,'openai/gpt-old',12,300000,6,600002,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','model',1780272000,'openai/gpt-old',14,300000,12,600004,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','provider',1779926400,'openai',10,300000,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','provider',1780012800,'lab',11,300000,3,600001,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','provider',1780099200,'openai',12,300000,6,600002,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('day','provider',1780272000,'openai',14,300000,12,600004,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','all',1779998400,'',10,300000,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','all',1780084800,'',11,300000,3,600001,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','all',1780171200,'',12,300000,6,600002,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','all',1780344000,'',14,300000,12,600004,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','model',1779998400,'openai/gpt-old',10,300000,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','model',1780084800,'lab/small',11,300000,3,600001,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','model',1780171200,'openai/gpt-old',12,300000,6,600002,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','model',1780344000,'openai/gpt-old',14,300000,12,600004,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','provider',1779998400,'openai',10,300000,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','provider',1780084800,'lab',11,300000,3,600001,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','provider',1780171200,'openai',12,300000,6,600002,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_speeds" VALUES('hour','provider',1780344000,'openai',14,300000,12,600004,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
CREATE TABLE tr_teams (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	comment TEXT DEFAULT '' NOT NULL, 
	allowed_models TEXT DEFAULT '' NOT NULL, 
	created_at_s FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "tr_teams" VALUES('team_physics','physics',1,'','',1.0);
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
	unpriced_requests BIGINT DEFAULT '0' NOT NULL, cache_write_1h_tokens BIGINT DEFAULT '0' NOT NULL, audio_output_tokens BIGINT DEFAULT '0' NOT NULL, image_input_tokens BIGINT DEFAULT '0' NOT NULL, image_output_tokens BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (day, key_id, user, team, provider, model)
);
INSERT INTO "tr_usage_daily" VALUES('2026-05-28','key_alice','alice@school.test','physics','openai','gpt-old','alice',1,0,10,0,0,0,0,0,10000,0,0,0,0,0);
INSERT INTO "tr_usage_daily" VALUES('2026-05-29','key_alice','alice@school.test','physics','lab','small','alice',1,0,11,3,0,0,0,0,0,1,0,0,0,0);
INSERT INTO "tr_usage_daily" VALUES('2026-05-30','key_alice','alice@school.test','physics','openai','gpt-old','alice',1,0,12,6,0,0,0,0,12000,0,0,0,0,0);
INSERT INTO "tr_usage_daily" VALUES('2026-05-31','key_alice','alice@school.test','physics','lab','small','alice',1,1,0,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "tr_usage_daily" VALUES('2026-06-01','key_alice','alice@school.test','physics','openai','gpt-old','alice',1,0,14,12,0,0,0,0,14000,0,0,0,0,0);
CREATE TABLE tr_usage_monthly (
	month TEXT NOT NULL, 
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
	cache_write_1h_tokens BIGINT DEFAULT '0' NOT NULL, 
	audio_output_tokens BIGINT DEFAULT '0' NOT NULL, 
	image_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	image_output_tokens BIGINT DEFAULT '0' NOT NULL, 
	cost_nano_usd BIGINT DEFAULT '0' NOT NULL, 
	unpriced_requests BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (month, key_id, user, team, provider, model)
);
INSERT INTO "tr_usage_monthly" VALUES('2026-05','key_alice','alice@school.test','physics','openai','gpt-old','alice',2,0,22,6,0,0,0,0,0,0,0,0,22000,0);
INSERT INTO "tr_usage_monthly" VALUES('2026-05','key_alice','alice@school.test','physics','lab','small','alice',2,1,11,3,0,0,0,0,0,0,0,0,0,1);
INSERT INTO "tr_usage_monthly" VALUES('2026-06','key_alice','alice@school.test','physics','openai','gpt-old','alice',1,0,14,12,0,0,0,0,0,0,0,0,14000,0);
CREATE TABLE tr_users (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	email TEXT, 
	role VARCHAR(16) NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	comment TEXT DEFAULT '' NOT NULL, 
	password_hash TEXT DEFAULT '' NOT NULL, 
	oidc_issuer TEXT DEFAULT '' NOT NULL, 
	oidc_subject TEXT DEFAULT '' NOT NULL, 
	created_at_s FLOAT NOT NULL, 
	signed_in_at_s FLOAT, 
	PRIMARY KEY (id), 
	UNIQUE (name), 
	UNIQUE (email)
);
CREATE INDEX tr_ledger_key_time ON tr_ledger (key_id, started_us);
CREATE INDEX tr_ledger_time ON tr_ledger (started_us);
CREATE INDEX tr_usage_daily_key ON tr_usage_daily (key_id, day);
CREATE INDEX tr_adjustments_limit ON tr_adjustments (limit_id, number);
CREATE INDEX tr_adjustments_made ON tr_adjustments (made_us);
CREATE INDEX tr_usage_monthly_key ON tr_usage_monthly (key_id, month);
CREATE INDEX tr_ledger_user_time ON tr_ledger (user, started_us);
CREATE INDEX tr_ledger_team_time ON tr_ledger (team, started_us);
CREATE INDEX tr_ledger_provider_time ON tr_ledger (provider, started_us);
CREATE INDEX tr_ledger_model_time ON tr_ledger (model, started_us);
CREATE INDEX tr_ledger_end_time ON tr_ledger (end_reason, started_us);
CREATE INDEX ix_tr_keys_parent_id ON tr_keys (parent_id);
CREATE INDEX tr_users_oidc ON tr_users (oidc_issuer, oidc_subject);
CREATE INDEX tr_members_user ON tr_members (user);
CREATE INDEX tr_sessions_user ON tr_sessions (user_id);
CREATE INDEX tr_audit_subject ON tr_audit (kind, subject_id, number);
CREATE INDEX tr_audit_actor ON tr_audit (actor_id, number);
CREATE INDEX tr_audit_action ON tr_audit (action, number);
CREATE INDEX tr_secrets_key ON tr_secrets (key_id);
CREATE INDEX tr_conversations_last ON tr_conversations (last_us, id);
CREATE INDEX tr_conversations_key_id ON tr_conversations (key_id, last_us, id);
CREATE INDEX tr_conversations_user ON tr_conversations (user, last_us, id);
CREATE INDEX tr_conversations_team ON tr_conversations (team, last_us, id);
CREATE INDEX tr_conversation_records_conversation ON tr_conversation_records (conversation_id, number);
CREATE INDEX tr_conversation_records_response ON tr_conversation_records (response_ref);
CREATE INDEX tr_conversation_records_asker ON tr_conversation_records (asker_ref, ended_us);
CREATE INDEX tr_conversation_records_age ON tr_conversation_records (ended_us, bytes);
CREATE INDEX tr_sign_in_waits_last ON tr_sign_in_waits (last_s);
CREATE INDEX tr_password_links_user ON tr_password_links (user_id);
CREATE INDEX tr_keys_order ON tr_keys (created_at_s, id, words);
CREATE INDEX tr_keys_expiry ON tr_keys (expires_at_s);
CREATE INDEX tr_keys_team_order ON tr_keys (team, created_at_s, id);
CREATE INDEX tr_keys_user_order ON tr_keys (user, created_at_s, id);
CREATE INDEX tr_keys_role_order ON tr_keys (role, created_at_s, id);
CREATE INDEX tr_keys_parent_id_order ON tr_keys (parent_id, created_at_s, id);
CREATE INDEX tr_keys_enabled_order ON tr_keys (enabled, created_at_s, id);
CREATE INDEX tr_ledger_ip_time ON tr_ledger (client_ip, started_us) WHERE client_ip <> '';
CREATE INDEX tr_ledger_tool_time ON tr_ledger (client_tool, started_us) WHERE client_tool <> '';
CREATE INDEX tr_ledger_alias_time ON tr_ledger (alias, started_us) WHERE alias <> '';
CREATE INDEX tr_ledger_error_time ON tr_ledger (error_code, started_us) WHERE error_code <> '';
CREATE INDEX tr_ledger_client_request_time ON tr_ledger (client_request_id, started_us) WHERE client_request_id <> '';
CREATE INDEX tr_ledger_provider_request_time ON tr_ledger (provider_request_id, started_us) WHERE provider_request_id <> '';
CREATE INDEX tr_usage_daily_team ON tr_usage_daily (team, day);
CREATE INDEX tr_usage_daily_user ON tr_usage_daily (user, day);
CREATE INDEX tr_usage_daily_model ON tr_usage_daily (provider, model, day);
CREATE INDEX tr_usage_monthly_team ON tr_usage_monthly (team, month);
CREATE INDEX tr_usage_monthly_user ON tr_usage_monthly (user, month);
CREATE INDEX tr_usage_monthly_model ON tr_usage_monthly (provider, model, month);
CREATE INDEX tr_limits_order ON tr_limits (created_at_s, id);
CREATE INDEX tr_limits_handle ON tr_limits (handle);
COMMIT;
