"""Language models: any OpenAI-compatible endpoint, or llama.cpp in this process.

`endpoint.Endpoint` speaks to a server; `embedded.EmbeddedLlama` starts one and speaks to it
through the same class. Both are `memo.ports.LanguageModel`. Neither is imported here: the openai
SDK alone takes half a second.
"""

from __future__ import annotations
