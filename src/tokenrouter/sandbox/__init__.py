"""A provider without an account: the vendors' APIs, spoken by models that cost nothing and fail on request.

It is a program of its own (`python -m tokenrouter.sandbox --port 9000`) and imports nothing of the rest of the package:
it judges the gateway, and a judge that shared code with the judged would share its mistakes. So it has its own HTTP
server, its own tokens, its own books (`books.py`; `GET /books`, `GET /books/summary`) and its own reading of the
vendor's documentation.

Under `/v1` stands OpenAI's API: Chat Completions, Completions, Embeddings, Responses with all that is kept of them
(`response_routes`), images, speech, transcripts, moderations, reranking, files, batches and vector stores
(`openai_routes`). Besides it speaks, each with its own authentication, errors and streams:

    Anthropic     /v1/messages, /v1/messages/count_tokens     x-api-key or Bearer           `anthropic_routes`
    Gemini        /v1beta/models/{m}:generateContent …   key in x-goog-api-key or ?key=      `gemini_routes`
    Vertex AI     /v1/projects/{p}/locations/{l}/publishers/google/models/{m}:… , POST /token   `google_access`
                  …/publishers/anthropic/models/{m}:rawPredict, :streamRawPredict            `anthropic_clouds`
    Bedrock       /model/{m}/converse, /converse-stream  SigV4 or an API key                `bedrock_routes`
                  /model/{m}/invoke, /invoke-with-response-stream: Anthropic's body          `anthropic_clouds`
    Azure OpenAI  /openai/deployments/{d}/…?api-version=…, /openai/v1/…   api-key or Bearer  `azure_routes`

A key that ends in `@12.5` has 12.5 percent left of its account: the headers of answers say so (`quotas`), and the
pages on which vendors tell their callers (`accounts`).

Models (`GET /v1/models` lists them):

    echo                says the last user message again                      4 bytes a token
    mirror              answers with the request body as it was received      4
    lorem               lorem ipsum, 64 tokens                                4
    dense, wide         the same with another tokenizer                       1.5, 8
    thinker             echo after hidden reasoning tokens                    3.5
    thinker-open        echo after visible reasoning_content                  3.5
    thinker-adaptive    echo after hidden reasoning that is always on         3.5
    narrow              lorem in a context window of 2,000 tokens             4
    refuser             refuses whatever it is asked                          4
    overrun             produces and bills 20 % more than the output limit    4
    embed-small, -large embeddings of 1536 and 3072 dimensions                4, 2.5

`lorem-500`, `dense-500`, `wide-500` and `overrun-500` say 500 tokens; `@50` behind any of these names (`lorem-500@50`)
makes it 50 tokens a second. Tools are called when the last user message contains "use tool" ("use tools": two at once)
or `tool_choice` demands it; `use tool NAME with {"some": "arguments"}` calls that one with just these (`wishes`). After
a tool's result the answer repeats it. A JSON schema gets a valid instance.

Over Anthropic's API the thinkers think when they are told to, but for `thinker-adaptive`, which thinks unless told not
to and takes no sampling parameters. It alone knows the window of `narrow`, and says 529 where the others say 503.

A key such as `sk-x~10` may post ten requests over OpenAI's API, and is refused from then on.

Faults, each a model name; a number in brackets may be changed with `@NUMBER`:

    fault/refuse                closes the connection without an answer
    fault/400 401 429 500 503   that status (429 with Retry-After: 1)
    fault/429-once              429 for the first request of each key and `user` field, then as lorem
    fault/silent                takes the request and never answers
    fault/slow-first-byte       says nothing for [2] seconds, then as lorem
    fault/stall                 stops after [8] frames of content; the connection stays open
    fault/cut                   closes the connection after [8] frames
    fault/clean-cut             ends the body properly after [8] frames, without finish_reason and [DONE]
    fault/malformed-chunk       after [8] frames a data line that is not JSON, then the rest
    fault/bad-chunked           an invalid chunk size after [8] frames
    fault/error-event           200, and the first event is an error object
    fault/error-midstream       an error object after [8] frames
    fault/trickle               one token a second
    fault/huge                  an answer of [10] MiB
    fault/wrong-type            200 text/html
    fault/not-json              200 application/json that is not JSON
    fault/no-usage              never reports usage
    fault/usage-in-finish       streams report usage, asked or not, in the chunk with the finish_reason
    fault/gzip                  answers gzip-encoded although nobody asked
    fault/endless               a stream that does not stop for ten minutes; `@` tokens a second, else unbounded
"""
