"""Databases and files of other gateways, built by hand in their schemas (sources: the readers' docstrings)."""

import base64
import hashlib
import json
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import bcrypt
import psycopg
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STARTED_S = 1_790_000_000
STARTED = datetime.fromtimestamp(STARTED_S, UTC)

PROXY_KEY = "llmp-" + "ab" * 32
TEAM_TOKEN = "classroom-token-0123456789-0123456789-abcd"
SHORT_TOKEN = "team-two-pass"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIiwic2NvcGUiOiJhcGlfa2V5In0.c2lnbmF0dXJlLW9mLWEta2V5"
TRACER_ENCRYPTION_KEY = "the key of the tracer"
PASSWORD = "correct horse"
ONE_API_KEY = "Kq3vJc8mPz5tRx7wNb2dHf6gLs9yTa4eUo1iVk0jCn5MrX8Q"
LITELLM_KEY = "sk-litellm-0123456789abcdef"
GO_ADMIN = "tr_go-admin-key-0123456789abcdef"
GO_KEY = "tr_go-alice-key-0123456789abcdef"


def build_llm_proxy(folder: Path, backend: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "llm_proxy.db"
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR UNIQUE, api_key VARCHAR UNIQUE, "
            "created_at DATETIME, is_active BOOLEAN)"
        )
        db.execute(
            "CREATE TABLE usage_logs (id INTEGER PRIMARY KEY, user_id INTEGER, model VARCHAR, input_tokens INTEGER, "
            "output_tokens INTEGER, cached_tokens INTEGER, timestamp DATETIME)"
        )
        db.execute(
            "CREATE TABLE error_logs (id INTEGER PRIMARY KEY, user_id INTEGER, model VARCHAR, error_type VARCHAR, "
            "error_message TEXT, status_code INTEGER, timestamp DATETIME)"
        )
        said = STARTED.strftime("%Y-%m-%d %H:%M:%S")
        db.execute("INSERT INTO users VALUES (1, 'alice', ?, ?, 1)", (PROXY_KEY, said))
        db.execute("INSERT INTO users VALUES (2, 'gone', ?, ?, 0)", (PROXY_KEY[::-1], said))
        db.execute("INSERT INTO usage_logs VALUES (1, 1, 'echo', 10, 5, 4, ?)", (said,))
        db.execute("INSERT INTO usage_logs VALUES (2, 1, 'echo', 20, 7, 0, ?)", (said,))
        db.execute("INSERT INTO error_logs VALUES (1, 1, 'echo', 'timeout', 'too slow', NULL, ?)", (said,))
    db.close()
    (folder / "model_mapping.json").write_text('{"gpt-4": "echo"}')
    (folder / ".env").write_text(
        f'OPENAI_BACKEND_URL="{backend}"\nOPENAI_API_KEY=sandbox\nMODEL_MAPPING_FILE=model_mapping.json\n'
        "MAX_CONCURRENT_REQUESTS=500\n"
    )
    return file


def build_classroom(folder: Path, base_url: str) -> Path:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    file = folder / "data" / "tokenrouter.db"
    with sqlite3.connect(file) as db:
        db.execute(
            "CREATE TABLE teams (id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL UNIQUE, email VARCHAR(255), "
            "token VARCHAR(255) NOT NULL UNIQUE, quota_tokens INTEGER NOT NULL, used_tokens INTEGER NOT NULL, "
            "max_requests_per_minute INTEGER, is_active BOOLEAN NOT NULL, created_at DATETIME, updated_at DATETIME)"
        )
        db.execute(
            "CREATE TABLE request_logs (id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL REFERENCES teams (id), "
            "timestamp DATETIME, model VARCHAR(100) NOT NULL, input_tokens INTEGER, output_tokens INTEGER, "
            "total_tokens INTEGER, status VARCHAR(50) NOT NULL, error_message TEXT, request_payload TEXT, "
            "response_payload TEXT)"
        )
        said = STARTED.strftime("%Y-%m-%d %H:%M:%S")
        db.execute(
            "INSERT INTO teams VALUES (1, 'physics', 'p@school.example', ?, 100000, 99990, 30, 1, ?, NULL)",
            (TEAM_TOKEN, said),
        )
        db.execute("INSERT INTO teams VALUES (2, 'art: one', NULL, ?, 50000, 0, 30, 0, ?, NULL)", (SHORT_TOKEN, said))
        for number, (status, tokens) in enumerate([("success", 100), ("success", 200), ("error", 0)], 1):
            db.execute(
                "INSERT INTO request_logs VALUES (?, 1, ?, 'echo', ?, ?, ?, ?, NULL, '{}', '{}')",
                (number, said, tokens // 2, tokens // 4, tokens, status),
            )
    db.close()
    (folder / ".env").write_text(
        f"PROVIDER_API_KEY=sandbox\nPROVIDER_BASE_URL={base_url}\nALLOWED_MODELS=echo\nADMIN_PASSWORD=teacher\n"
    )
    return file


def build_tokentracer(url: str) -> None:
    with psycopg.connect(url) as db:
        db.execute(
            "CREATE TABLE users (id SERIAL PRIMARY KEY, email VARCHAR(255) UNIQUE NOT NULL, "
            "password_hash VARCHAR(255) NOT NULL, rate_limit_minute INTEGER DEFAULT 0, "
            "rate_limit_daily INTEGER DEFAULT 0, created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP)"
        )
        db.execute(
            "CREATE TABLE api_keys (id SERIAL PRIMARY KEY, user_id INTEGER REFERENCES users(id), "
            "name VARCHAR(255) NOT NULL, key_hash VARCHAR(255) UNIQUE NOT NULL, prefix VARCHAR(10) NOT NULL, "
            "created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP)"
        )
        db.execute(
            "CREATE TABLE provider_keys (id SERIAL PRIMARY KEY, user_id INTEGER REFERENCES users(id), "
            "provider VARCHAR(50) NOT NULL, encrypted_key TEXT NOT NULL, label VARCHAR(255), "
            "created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP)"
        )
        db.execute(
            "CREATE TABLE model_aliases (id SERIAL PRIMARY KEY, user_id INTEGER REFERENCES users(id), "
            "alias VARCHAR(255) NOT NULL, target_model VARCHAR(255) NOT NULL, "
            "provider_key_id INTEGER REFERENCES provider_keys(id), "
            "fallback_alias_id INTEGER REFERENCES model_aliases(id), use_light_model BOOLEAN DEFAULT FALSE, "
            "light_model_threshold INTEGER DEFAULT 100, light_model VARCHAR(255), "
            "created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP, UNIQUE(user_id, alias))"
        )
        db.execute(
            "CREATE TABLE request_logs (id SERIAL PRIMARY KEY, user_id INTEGER REFERENCES users(id), "
            "alias_used VARCHAR(255), provider_used VARCHAR(50), model_used VARCHAR(255), "
            "input_tokens INTEGER DEFAULT 0, output_tokens INTEGER DEFAULT 0, status_code INTEGER, "
            "created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP)"
        )
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        db.execute(
            "INSERT INTO users (email, password_hash, rate_limit_daily) VALUES ('Ann@x.example', %s, 3)", (hashed,)
        )
        db.execute(
            "INSERT INTO users (email, password_hash, rate_limit_minute) VALUES ('bob@x.example', %s, -1)", (hashed,)
        )
        db.execute(
            "INSERT INTO api_keys (user_id, name, key_hash, prefix, created_at) VALUES (1, 'api-key-1', %s, %s, %s)",
            (hashlib.sha256(JWT.encode()).hexdigest(), JWT[:8], datetime.now(UTC)),
        )
        sealed = tracer_sealed("sandbox")
        db.execute(
            "INSERT INTO provider_keys (user_id, provider, encrypted_key, label) VALUES (1, 'openai', %s, 'mine')",
            (sealed,),
        )
        db.execute(
            "INSERT INTO provider_keys (user_id, provider, encrypted_key, label) VALUES (2, 'openai', %s, 'his')",
            (sealed,),
        )
        db.execute(
            "INSERT INTO model_aliases (user_id, alias, target_model, provider_key_id) VALUES (1, 'spare', 'echo', 1)"
        )
        db.execute(
            "INSERT INTO model_aliases (user_id, alias, target_model, provider_key_id, fallback_alias_id, "
            "use_light_model, light_model) VALUES (1, 'prod', 'verbose', 1, 1, TRUE, 'echo')"
        )
        db.execute(
            "INSERT INTO request_logs (user_id, alias_used, provider_used, model_used, input_tokens, output_tokens, "
            "status_code) VALUES (1, 'prod', 'openai', 'verbose', 30, 12, 200)"
        )


def tracer_sealed(secret: str) -> str:
    nonce = os.urandom(12)
    sealed = AESGCM(hashlib.sha256(TRACER_ENCRYPTION_KEY.encode()).digest()).encrypt(nonce, secret.encode(), None)
    return base64.b64encode(nonce + sealed).decode()


ONE_API_TABLES = (
    "CREATE TABLE `users` (`id` integer PRIMARY KEY, `username` text, `password` text NOT NULL, `display_name` text, "
    "`role` integer, `status` integer, `email` text, `access_token` char(32), `quota` bigint, `used_quota` bigint, "
    "`request_count` integer, `group` varchar(32), `aff_code` varchar(32), `inviter_id` integer)",
    "CREATE TABLE `tokens` (`id` integer PRIMARY KEY, `user_id` integer, `key` char(48), `status` integer, "
    "`name` text, `created_time` bigint, `accessed_time` bigint, `expired_time` bigint, `remain_quota` bigint, "
    "`unlimited_quota` numeric, `used_quota` bigint, `models` text, `subnet` text)",
    "CREATE TABLE `channels` (`id` integer PRIMARY KEY, `type` integer, `key` text, `status` integer, `name` text, "
    "`weight` integer, `created_time` bigint, `base_url` text, `other` text, `models` text, `group` varchar(32), "
    "`used_quota` bigint, `model_mapping` text, `priority` bigint)",
    "CREATE TABLE `logs` (`id` integer PRIMARY KEY, `user_id` integer, `created_at` bigint, `type` integer, "
    "`content` text, `username` text, `token_name` text, `model_name` text, `quota` bigint, `prompt_tokens` integer, "
    "`completion_tokens` integer, `channel_id` integer)",
)


def one_api_rows(base_url: str) -> dict[str, list[tuple[object, ...]]]:
    """The rows of each table; 500,000 of quota are a dollar."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    origin = base_url.removesuffix("/v1")
    return {
        "users": [
            (1, "root", hashed, "Root User", 100, 1, "", "x" * 32, 500_000_000, 0, 0, "default", "a", 0),
            (2, "eve", hashed, "Eve", 1, 1, "eve@x.example", "y" * 32, 400_000, 100_000, 3, "default", "b", 0),
        ],
        "tokens": [
            (1, 2, ONE_API_KEY, 1, "laptop", STARTED_S, 0, -1, 200_000, 0, 50_000, "echo,both", ""),
            (2, 2, ONE_API_KEY[::-1], 2, "off", STARTED_S, 0, STARTED_S + 99, 0, 1, 0, None, ""),
        ],
        "channels": [
            (1, 8, "sandbox", 1, "First Channel", 3, 0, origin, "", "echo,both", "default", 0, '{"both": "echo"}', 0),
            (2, 8, "sandbox\nsecond", 1, "second", 1, 0, origin, "", "both", "default", 0, '{"both": "echo"}', 0),
            (3, 15, "x", 1, "a vendor of its own", 0, 0, None, "", "ernie", "default", 0, "", 0),
        ],
        "logs": [
            (1, 2, STARTED_S, 2, 'it\'s\\ "said"\n', "eve", "laptop", "both", 5_000, 40, 10, 1),
            (2, 2, STARTED_S, 1, "top-up", "eve", "", "", 500_000, 0, 0, 0),
        ],
    }


def build_one_api(file: Path, base_url: str) -> Path:
    with sqlite3.connect(file) as db:
        for statement in ONE_API_TABLES:
            db.execute(statement)
        for table, rows in one_api_rows(base_url).items():
            db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
    db.close()
    return file


def build_one_api_dump(file: Path, base_url: str) -> Path:
    """The same as `mysqldump` writes it."""
    lines = ["-- MySQL dump 10.13  Distrib 9.1.0, for Linux (x86_64)", "/*!40101 SET NAMES utf8mb4 */;"]
    for statement in ONE_API_TABLES:
        table = statement.split("`")[1]
        columns = statement.replace(" PRIMARY KEY", " NOT NULL AUTO_INCREMENT").removesuffix(")")
        lines += [f"DROP TABLE IF EXISTS `{table}`;", f"{columns}, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT 'x;y';"]
        rows = ",".join(f"({','.join(map(mysql_literal, row))})" for row in one_api_rows(base_url)[table])
        lines += [f"LOCK TABLES `{table}` WRITE;", f"INSERT INTO `{table}` VALUES {rows};", "UNLOCK TABLES;"]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def mysql_literal(value: object) -> str:
    """Write a value as mysqldump does."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return "0x" + value.hex() if value else "''"
    if not isinstance(value, str):
        return str(value)
    escaped = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\0": "\\0", "\x1a": "\\Z"}
    return "'" + "".join(escaped.get(char, char) for char in value) + "'"


LITELLM_CONFIG = """
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/echo
      api_base: {base_url}
      api_key: os.environ/LAB_KEY
      weight: 3
    model_info:
      input_cost_per_token: 0.0000025
      output_cost_per_token: 0.00001
  - model_name: gpt-4o
    litellm_params: {{model: openai/verbose, api_base: "{base_url}", api_key: os.environ/LAB_KEY}}
    model_info: {{input_cost_per_token: 2.5e-06, output_cost_per_token: 1.0e-05}}
  - model_name: claude
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_key: sk-ant-secret}}
  - model_name: nowhere
    litellm_params: {{model: unheard_of/x}}
router_settings:
  fallbacks: [{{"claude": ["gpt-4o", "other"]}}]
general_settings:
  master_key: sk-master-0123456789
litellm_settings:
  callbacks: [langfuse]
guardrails: []
"""

_LITELLM_LIMITS = (
    "spend DOUBLE PRECISION DEFAULT 0, max_budget DOUBLE PRECISION, budget_duration TEXT, budget_reset_at TIMESTAMP, "
    "tpm_limit BIGINT, rpm_limit BIGINT, max_parallel_requests INTEGER, models TEXT[], created_at TIMESTAMP"
)


def build_litellm(folder: Path, url: str, base_url: str) -> Path:
    """Write config.yaml with its `.env`, and the tables that its schema.prisma makes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(LITELLM_CONFIG.format(base_url=base_url))
    (folder / ".env").write_text("LAB_KEY=sandbox\n")
    hashed = hashlib.sha256(LITELLM_KEY.encode()).hexdigest()
    with psycopg.connect(url) as db:
        db.execute(
            f'CREATE TABLE "LiteLLM_VerificationToken" (token TEXT PRIMARY KEY, key_name TEXT, key_alias TEXT, '
            f"expires TIMESTAMP, user_id TEXT, team_id TEXT, blocked BOOLEAN, metadata JSONB, aliases JSONB, "
            f"budget_id TEXT, {_LITELLM_LIMITS})"
        )
        db.execute(
            f'CREATE TABLE "LiteLLM_TeamTable" (team_id TEXT PRIMARY KEY, team_alias TEXT, '
            f"members_with_roles JSONB, blocked BOOLEAN, {_LITELLM_LIMITS})"
        )
        db.execute(
            f'CREATE TABLE "LiteLLM_UserTable" (user_id TEXT PRIMARY KEY, user_alias TEXT, user_email TEXT, '
            f"user_role TEXT, password TEXT, {_LITELLM_LIMITS})"
        )
        db.execute(
            'CREATE TABLE "LiteLLM_BudgetTable" (budget_id TEXT PRIMARY KEY, max_budget DOUBLE PRECISION, '
            "tpm_limit BIGINT, rpm_limit BIGINT, budget_duration TEXT)"
        )
        db.execute(
            'CREATE TABLE "LiteLLM_SpendLogs" (request_id TEXT PRIMARY KEY, call_type TEXT, api_key TEXT, '
            "spend DOUBLE PRECISION, total_tokens INTEGER, prompt_tokens INTEGER, completion_tokens INTEGER, "
            '"startTime" TIMESTAMP, "endTime" TIMESTAMP, model TEXT, model_group TEXT, custom_llm_provider TEXT, '
            '"user" TEXT, metadata JSONB, team_id TEXT, requester_ip_address TEXT, status TEXT)'
        )
        naive = STARTED.replace(tzinfo=None)
        db.execute(
            'INSERT INTO "LiteLLM_TeamTable" (team_id, team_alias, members_with_roles, blocked, max_budget, spend, '
            "created_at) VALUES ('t-1', 'research', %s, FALSE, 25.5, 1.25, %s)",
            (json.dumps([{"user_id": "u-1", "role": "admin"}]), naive),
        )
        db.execute(
            'INSERT INTO "LiteLLM_UserTable" (user_id, user_email, user_role, password) '
            "VALUES ('u-1', 'Dana@x.example', 'proxy_admin', 'scrypt:x')"
        )
        db.execute("INSERT INTO \"LiteLLM_BudgetTable\" (budget_id, rpm_limit) VALUES ('b-1', 60)")
        db.execute(
            'INSERT INTO "LiteLLM_VerificationToken" (token, key_name, key_alias, user_id, team_id, models, '
            "max_budget, budget_duration, budget_reset_at, spend, budget_id, created_at) VALUES (%s, 'sk-...cdef', "
            "'dana-laptop', 'u-1', 't-1', %s, 10, '30d', now() + interval '29 days', 9.9999999, 'b-1', %s)",
            (hashed, ["gpt-4o", "claude"], naive),
        )
        db.execute(
            "INSERT INTO \"LiteLLM_SpendLogs\" VALUES ('r-1', 'acompletion', %s, 0.00125, 30, 20, 10, %s, %s, "
            "'echo', 'gpt-4o', 'openai', 'u-1', '{}', 't-1', '10.0.0.9', 'success')",
            (hashed, naive, naive.replace(microsecond=500_000)),
        )
    return folder / "config.yaml"


def build_tokenrouter_go(folder: Path, base_url: str) -> Path:
    """Write `torod.toml`, and below `cache` the usage."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "torod.toml"
    file.write_text(f"""
listen_addr = "127.0.0.1:7050"
allow_localhost_no_auth = true
default_provider = "lab"
active_model_profile = "cheap"
incoming_api_keys = ["legacy-key-0123456789"]

[[incoming_tokens]]
id = "tok-1"
name = "root"
role = "admin"
key = "{GO_ADMIN}"

[[incoming_tokens]]
id = "tok-2"
name = "alice"
role = "keymaster"
key = "{GO_KEY}"
[incoming_tokens.quota.tokens]
limit = 1000
interval_seconds = 0
used = 990
[incoming_tokens.quota.requests]
limit = 100
interval_seconds = 3600
used = 7
window_started_at = {datetime.now(UTC).replace(microsecond=0).isoformat()}

[[incoming_tokens]]
id = "tok-3"
name = "short"
role = "inferrer"
key = "abc"

[[incoming_tokens]]
id = "tok-4"
name = "child"
role = "inferrer"
parent_id = "tok-2"
key = "tor_tmp_child-0123456789abcdef"

[[providers]]
name = "lab"
provider_type = "openai-compatible"
base_url = "{base_url}"
api_key = "sandbox"
enabled = true

[[providers]]
name = "off"
provider_type = "openai-compatible"
base_url = "https://off.example/v1"
refresh_token = "x"

[[model_aliases]]
name = "fast"
[[model_aliases.targets]]
profile = "cheap"
provider = "lab"
model = "echo"
""")
    hour = folder / "cache" / "usage-stats-db" / "raw" / "2026" / "09" / "21" / "14"
    hour.mkdir(parents=True)
    event = {
        "timestamp": STARTED.isoformat(),
        "provider": "lab",
        "model": "lab/echo",
        "client_type": "curl",
        "client_ip": "10.0.0.1",
        "api_key_name": "alice",
        "status_code": 200,
        "prompt_tokens": 11,
        "completion_tokens": 4,
        "total_tokens": 15,
        "latency_ms": 120,
    }
    lines = [json.dumps(event), json.dumps({**event, "status_code": 500, "prompt_tokens": 0, "completion_tokens": 0})]
    (hour / "1-2-3.jsonl.zst").write_bytes(zstandard.compress("\n".join(lines).encode()))
    rollup = folder / "cache" / "usage-stats-db" / "rollup" / "300" / "2026"
    rollup.mkdir(parents=True)
    five_minutes = {
        "start_at": STARTED.replace(day=1).isoformat(),
        "slot_seconds": 300,
        "provider": "lab",
        "model": "lab/echo",
        "api_key_name": "alice",
        "requests": 40,
        "prompt_tokens": 400,
        "completion_tokens": 100,
        "latency_ms_sum": 4000,
    }
    (rollup / "1-2-3.jsonl.zst").write_bytes(zstandard.compress(json.dumps(five_minutes).encode()))
    (folder / "cache" / "conversations.json").write_text("{}")
    return file
