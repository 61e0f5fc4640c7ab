import json

import pytest

from tokenrouter.dialects.gemini.spelling import camel, in_camel_case


def respelled(body: object) -> object:
    return json.loads(in_camel_case(json.dumps(body).encode()))


def test_a_body_in_camel_case_stays_the_same_bytes() -> None:
    body = b'{ "contents" : [{"parts":[{"text":"a_b\\": 1"}]}], "generationConfig":{"topP":1} }'

    assert in_camel_case(body) is body


def test_fields_of_ours_are_respelled_wherever_they_stand() -> None:
    part = {"inline_data": {"mime_type": "image/png", "data": "AAAA"}, "thought_signature": "s"}
    body = {
        "system_instruction": {"parts": [{"text": "x"}]},
        "contents": [{"parts": [part, {"function_call": {"name": "f", "partial_args": [{"json_path": "$"}]}}]}],
        "tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}},
        "generationConfig": {"thinkingConfig": {"thinking_budget": 1}, "max_output_tokens": 5},
    }

    assert respelled(body) == {
        "systemInstruction": {"parts": [{"text": "x"}]},
        "contents": [
            {
                "parts": [
                    {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thoughtSignature": "s"},
                    {"functionCall": {"name": "f", "partialArgs": [{"jsonPath": "$"}]}},
                ]
            }
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "generationConfig": {"thinkingConfig": {"thinkingBudget": 1}, "maxOutputTokens": 5},
    }


def test_what_belongs_to_the_client_keeps_its_names() -> None:
    schema = {"type": "object", "properties": {"file_uri": {"type": "string"}}, "required": ["file_uri"]}
    body = {
        "contents": [
            {"parts": [{"function_call": {"name": "f", "args": {"file_uri": 1, "mime_type": {"top_p": 2}}}}]},
            {"parts": [{"function_response": {"name": "f", "response": {"inline_data": 3}}}]},
        ],
        "tools": [{"function_declarations": [{"name": "f", "parameters_json_schema": schema}]}],
        "generation_config": {"response_schema": {"property_ordering": ["a_b"]}},
    }

    told = respelled(body)
    assert told == {
        "contents": [
            {"parts": [{"functionCall": {"name": "f", "args": {"file_uri": 1, "mime_type": {"top_p": 2}}}}]},
            {"parts": [{"functionResponse": {"name": "f", "response": {"inline_data": 3}}}]},
        ],
        "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": schema}]}],
        "generationConfig": {"responseSchema": {"property_ordering": ["a_b"]}},
    }


@pytest.mark.parametrize(
    "body", [b'{"top_p":', b"[1]", b'"top_p":1', b'{"contents":7,"top_p":1}', b'{"tools":{"top_p":1}}']
)
def test_what_is_no_request_is_left_to_the_reader(body: bytes) -> None:
    assert b"top" in in_camel_case(body) or in_camel_case(body) == body


def test_names_are_put_together() -> None:
    assert camel("response_mime_type") == "responseMimeType"
    assert camel("googleSearch") == "googleSearch"
