"""The structures of Bedrock's Converse operations, member by member.

From the Amazon Bedrock API reference ("Converse", "ConverseStream", "CountTokens" and the data types below them, read
2026-11). What the sandbox does not use is a `document` and not looked into.
"""

from typing import Final

from tokenrouter.sandbox.aws.json import Declared, Number, Shapes, Text

_ANY_TEXT: Final = Text()
_NOT_EMPTY: Final = Text(1)
_TOOL_ID: Final = Text(1, 64, r"[a-zA-Z0-9_.:-]+")
_TOOL_NAME: Final = Text(1, 64, r"[a-zA-Z0-9_-]+")

_CONVERSE: Final[dict[str, Declared]] = {
    "messages": "[]Message",
    "system": "[]SystemContentBlock",
    "toolConfig": "ToolConfiguration",
    "additionalModelRequestFields": "document",
}

CONVERSE: Final = Shapes(
    structures={
        "ConverseRequest": {
            **_CONVERSE,
            "inferenceConfig": "InferenceConfiguration",
            "guardrailConfig": "document",
            "promptVariables": "document",
            "additionalModelResponseFieldPaths": "[]string",
            "requestMetadata": "document",
            "performanceConfig": "document",
            "serviceTier": "document",
            "outputConfig": "OutputConfig",
        },
        "CountTokensRequest": {"input": "CountTokensInput"},
        "CountTokensInput": {"converse": "ConverseTokensRequest", "invokeModel": "document"},
        "ConverseTokensRequest": _CONVERSE,
        "Message": {"role": Text(enum=("user", "assistant", "system")), "content": "[]ContentBlock"},
        "ContentBlock": {
            "text": _ANY_TEXT,
            "image": "ImageBlock",
            "document": "DocumentBlock",
            "video": "document",
            "audio": "document",
            "toolUse": "ToolUseBlock",
            "toolResult": "ToolResultBlock",
            "guardContent": "document",
            "cachePoint": "CachePointBlock",
            "reasoningContent": "ReasoningContentBlock",
            "citationsContent": "document",
            "searchResult": "document",
        },
        "ImageBlock": {"format": Text(enum=("png", "jpeg", "gif", "webp")), "source": "BytesSource"},
        "BytesSource": {"bytes": "blob", "s3Location": "document"},
        "DocumentBlock": {
            "format": Text(enum=("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md")),
            "name": Text(1, 200),
            "source": "DocumentSource",
            "context": _ANY_TEXT,
            "citations": "document",
        },
        "DocumentSource": {"bytes": "blob", "s3Location": "document", "text": _ANY_TEXT, "content": "document"},
        "ToolUseBlock": {"toolUseId": _TOOL_ID, "name": _TOOL_NAME, "input": "document", "type": _ANY_TEXT},
        "ToolResultBlock": {
            "toolUseId": _TOOL_ID,
            "content": "[]ToolResultContentBlock",
            "status": Text(enum=("success", "error")),
            "type": _ANY_TEXT,
        },
        "ToolResultContentBlock": {
            "json": "document",
            "text": _ANY_TEXT,
            "image": "ImageBlock",
            "document": "DocumentBlock",
            "video": "document",
            "searchResult": "document",
        },
        "CachePointBlock": {"type": Text(enum=("default",)), "ttl": Text(enum=("5m", "1h"))},
        "ReasoningContentBlock": {"reasoningText": "ReasoningTextBlock", "redactedContent": "blob"},
        "ReasoningTextBlock": {"text": _ANY_TEXT, "signature": _ANY_TEXT},
        "SystemContentBlock": {"text": _NOT_EMPTY, "guardContent": "document", "cachePoint": "CachePointBlock"},
        "InferenceConfiguration": {
            "maxTokens": Number(1, 2**31 - 1, whole=True),
            "temperature": Number(0, 1),
            "topP": Number(0, 1),
            "stopSequences": "[]string",
        },
        "ToolConfiguration": {"tools": "[]Tool", "toolChoice": "ToolChoice"},
        "Tool": {"toolSpec": "ToolSpecification", "systemTool": "document", "cachePoint": "CachePointBlock"},
        "ToolSpecification": {
            "name": _TOOL_NAME,
            "description": _NOT_EMPTY,
            "inputSchema": "ToolInputSchema",
            "strict": "bool",
        },
        "ToolInputSchema": {"json": "document"},
        "ToolChoice": {"auto": "EmptyChoice", "any": "EmptyChoice", "tool": "SpecificToolChoice"},
        "EmptyChoice": {},
        "SpecificToolChoice": {"name": _TOOL_NAME},
        "OutputConfig": {"textFormat": "OutputFormat", "effort": Text(0, 16)},
        "OutputFormat": {"type": Text(enum=("json_schema",)), "structure": "OutputFormatStructure"},
        "OutputFormatStructure": {"jsonSchema": "JsonSchemaDefinition"},
        "JsonSchemaDefinition": {"schema": _ANY_TEXT, "name": _ANY_TEXT, "description": _ANY_TEXT},
    },
    required={
        "CountTokensRequest": ("input",),
        "Message": ("role", "content"),
        "ImageBlock": ("format", "source"),
        "DocumentBlock": ("name", "source"),
        "ToolUseBlock": ("toolUseId", "name", "input"),
        "ToolResultBlock": ("toolUseId", "content"),
        "CachePointBlock": ("type",),
        "ReasoningTextBlock": ("text",),
        "ToolConfiguration": ("tools",),
        "ToolSpecification": ("name", "inputSchema"),
        "SpecificToolChoice": ("name",),
        "OutputFormat": ("type", "structure"),
        "JsonSchemaDefinition": ("schema",),
    },
    unions=frozenset(
        (
            "ContentBlock", "BytesSource", "DocumentSource", "ToolResultContentBlock", "ReasoningContentBlock",
            "SystemContentBlock", "Tool", "ToolInputSchema", "ToolChoice", "OutputFormatStructure", "CountTokensInput",
        )
    ),
)  # fmt: skip
