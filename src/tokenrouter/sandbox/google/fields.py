"""The messages of Google's generative APIs, field by field: what a request may say.

From the reference of the Gemini API ("Generating content", "Caching" for Schema and Tool, "Embeddings", "Counting
tokens"; ai.google.dev/api, read 2026-11) and of Vertex AI ("GenerateContent", cloud.google.com/vertex-ai/generative-ai
/docs/model-reference). The two share most messages; what only one of them knows is added to its own table. What the
sandbox does not use is declared as `struct` and not looked into.
"""

from typing import Final

from tokenrouter.sandbox.google.json import Declarations

_SCHEMA: Final = {
    "type": "enum Type",
    "format": "string",
    "title": "string",
    "description": "string",
    "nullable": "bool",
    "enum": "[]string",
    "max_items": "int64",
    "min_items": "int64",
    "properties": "{}Schema",
    "required": "[]string",
    "min_properties": "int64",
    "max_properties": "int64",
    "min_length": "int64",
    "max_length": "int64",
    "pattern": "string",
    "example": "any",
    "any_of": "[]Schema",
    "property_ordering": "[]string",
    "default": "any",
    "items": "Schema",
    "minimum": "number",
    "maximum": "number",
}

_COMMON: Final[dict[str, dict[str, str]]] = {
    "Content": {"role": "string", "parts": "[]Part"},
    "Part": {
        "text": "string",
        "inline_data": "Blob",
        "file_data": "FileData",
        "function_call": "FunctionCall",
        "function_response": "FunctionResponse",
        "executable_code": "struct",
        "code_execution_result": "struct",
        "tool_call": "struct",
        "tool_response": "struct",
        "thought": "bool",
        "thought_signature": "bytes",
        "part_metadata": "struct",
        "video_metadata": "struct",
        "media_resolution": "struct",
    },
    "Blob": {"mime_type": "string", "data": "bytes"},
    "FileData": {"mime_type": "string", "file_uri": "string"},
    "FunctionCall": {"id": "string", "name": "string", "args": "struct"},
    "FunctionResponse": {
        "id": "string",
        "name": "string",
        "response": "struct",
        "parts": "[]FunctionResponsePart",
        "will_continue": "bool",
        "scheduling": "string",
    },
    "FunctionResponsePart": {"inline_data": "Blob"},
    "Tool": {
        "function_declarations": "[]FunctionDeclaration",
        "google_search": "struct",
        "google_search_retrieval": "struct",
        "code_execution": "struct",
        "url_context": "struct",
        "computer_use": "struct",
        "google_maps": "struct",
    },
    "FunctionDeclaration": {
        "name": "string",
        "description": "string",
        "behavior": "string",
        "parameters": "Schema",
        "parameters_json_schema": "any",
        "response": "Schema",
        "response_json_schema": "any",
    },
    "ToolConfig": {
        "function_calling_config": "FunctionCallingConfig",
        "retrieval_config": "struct",
        "include_server_side_tool_invocations": "bool",
    },
    "FunctionCallingConfig": {"mode": "enum Mode", "allowed_function_names": "[]string"},
    "GenerationConfig": {
        "stop_sequences": "[]string",
        "response_mime_type": "string",
        "response_schema": "Schema",
        "response_json_schema": "any",
        "response_modalities": "[]enum Modality",
        "candidate_count": "int32",
        "max_output_tokens": "int32",
        "temperature": "number",
        "top_p": "number",
        "top_k": "number",
        "seed": "int32",
        "presence_penalty": "number",
        "frequency_penalty": "number",
        "response_logprobs": "bool",
        "logprobs": "int32",
        "enable_enhanced_civic_answers": "bool",
        "speech_config": "struct",
        "thinking_config": "ThinkingConfig",
        "image_config": "struct",
        "media_resolution": "string",
    },
    "ThinkingConfig": {
        "include_thoughts": "bool",
        "thinking_budget": "int32",
        "thinking_level": "enum ThinkingLevel",
    },
    "SafetySetting": {"category": "string", "threshold": "string", "method": "string"},
}

_GENERATE: Final = {
    "contents": "[]Content",
    "system_instruction": "Content",
    "tools": "[]Tool",
    "tool_config": "ToolConfig",
    "safety_settings": "[]SafetySetting",
    "generation_config": "GenerationConfig",
    "cached_content": "string",
}
_EMBED: Final = {
    "model": "string",
    "content": "Content",
    "task_type": "enum TaskType",
    "title": "string",
    "output_dimensionality": "int32",
    "embed_content_config": "EmbedContentConfig",
}

_ENUMS: Final = {
    "Type": ("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL",
             "string", "number", "integer", "boolean", "array", "object", "null"),
    "Mode": ("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"),
    "Modality": ("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO"),
    "ThinkingLevel": ("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH",
                      "minimal", "low", "medium", "high"),
    "TaskType": ("TASK_TYPE_UNSPECIFIED", "RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY",
                 "CLASSIFICATION", "CLUSTERING", "QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY"),
}  # fmt: skip
"""Names in lower case are taken for `Type` and `ThinkingLevel`, as Google's parser does where it says nothing of it."""

_PART_DATA: Final = (
    "text", "inline_data", "file_data", "function_call", "function_response", "executable_code",
    "code_execution_result", "tool_call", "tool_response",
)  # fmt: skip
_EMBED_CONFIG: Final = {
    "task_type": "enum TaskType",
    "title": "string",
    "output_dimensionality": "int32",
    "auto_truncate": "bool",
    "mime_type": "string",
}
_ONEOFS: Final = {"Part": ("data", _PART_DATA)}

GEMINI: Final = Declarations(
    messages={
        **_COMMON,
        "Schema": _SCHEMA,
        "Tool": {**_COMMON["Tool"], "file_search": "struct", "mcp_servers": "[]struct"},
        "GenerateContentRequest": {**_GENERATE, "model": "string", "store": "bool", "service_tier": "string"},
        "CountTokensRequest": {"contents": "[]Content", "generate_content_request": "GenerateContentRequest"},
        "EmbedContentRequest": _EMBED,
        "EmbedContentConfig": _EMBED_CONFIG,
        "BatchEmbedContentsRequest": {"requests": "[]EmbedContentRequest"},
    },
    enums=_ENUMS,
    oneofs=_ONEOFS,
    package="google.ai.generativelanguage.v1beta",
)
"""AI Studio's Gemini API."""

VERTEX: Final = Declarations(
    messages={
        **_COMMON,
        "Schema": {**_SCHEMA, "additional_properties": "any", "ref": "string", "defs": "{}Schema"},
        "Blob": {**_COMMON["Blob"], "display_name": "string"},
        "FileData": {**_COMMON["FileData"], "display_name": "string"},
        "FunctionResponsePart": {"inline_data": "Blob", "file_data": "FileData"},
        "Tool": {**_COMMON["Tool"], "retrieval": "struct", "enterprise_web_search": "struct"},
        "FunctionCallingConfig": {
            **_COMMON["FunctionCallingConfig"],
            "stream_function_call_arguments": "bool",
        },
        "GenerationConfig": {
            **_COMMON["GenerationConfig"],
            "audio_timestamp": "bool",
            "routing_config": "struct",
            "model_selection_config": "struct",
        },
        "GenerateContentRequest": {**_GENERATE, "labels": "{}string", "model_armor_config": "struct"},
        "CountTokensRequest": {
            "model": "string",
            "contents": "[]Content",
            "system_instruction": "Content",
            "tools": "[]Tool",
            "generation_config": "GenerationConfig",
            "instances": "[]any",
        },
        "EmbedContentRequest": {**_EMBED, "auto_truncate": "bool"},
        "EmbedContentConfig": _EMBED_CONFIG,
        "PredictRequest": {"instances": "[]EmbeddingInstance", "parameters": "EmbeddingParameters"},
        "EmbeddingInstance": {"content": "string", "task_type": "enum TaskType", "title": "string"},
        "EmbeddingParameters": {"auto_truncate": "bool", "output_dimensionality": "int32"},
    },
    enums=_ENUMS,
    oneofs=_ONEOFS,
    package="google.cloud.aiplatform.v1",
)
