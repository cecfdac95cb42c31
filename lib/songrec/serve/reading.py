"""Requests for lists, read with less work than FastAPI's own reading: theirs is most of the traffic.

What is read is told to the OpenAPI document as FastAPI would tell it.
"""

from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

_Read = TypeVar("_Read", bound=BaseModel)


def from_query(model: type[_Read], request: Request) -> _Read:
    """The query's parameters, of which a list's stands as often as it has elements.

    Raises
    ------
    RequestValidationError
        For a parameter that is none, or whose value does not fit.
    """
    values: dict[str, Any] = {}
    lists = [name for name, of in model.model_fields.items() if isinstance(of.default, list)]
    for name, value in request.query_params.multi_items():
        if name in lists:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _invalid(error, "query") from error


async def from_body(model: type[_Read], request: Request) -> _Read:
    """The body, which is JSON.

    Raises
    ------
    RequestValidationError
        For one that is not, or does not fit.
    """
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        told = {"loc": ("header", "content-type"), "msg": "send JSON, as application/json", "type": "json"}
        raise RequestValidationError([told])
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise _invalid(error, "body") from error


def told_of_query(model: type[BaseModel]) -> dict[str, Any]:
    """For the document: a parameter for each field."""
    fields = model.model_json_schema()["properties"]
    told = [{"name": name, "in": "query", "required": False, "schema": of} for name, of in fields.items()]
    return {"parameters": told}


def told_of_body(model: type[BaseModel], example: Any) -> dict[str, Any]:
    """For the document: the model is one that another route's declaration brings along."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"schema": schema, "examples": {"one of this log": {"value": example}}}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _invalid(error: ValidationError, where: str) -> RequestValidationError:
    return RequestValidationError(
        [
            {**one, "loc": (where, *one["loc"])}
            for one in error.errors(include_url=False, include_context=False)
        ]
    )
