/** The errors of OpenAI's interface: an HTTP status and {error: {message, type, param, code}}. */
import { FathomError } from "../../core/errors.ts";

export interface ApiErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
}

export class ApiError extends Error {
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;

  constructor(
    status: number,
    message: string,
    { param = null, code = null }: { param?: string | null; code?: string | null } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.param = param;
    this.code = code;
  }

  get body(): ApiErrorBody {
    const type = this.status >= 500 ? "server_error" : (types[this.status] ?? "invalid_request_error");
    return { error: { message: this.message, type, param: this.param, code: this.code } };
  }
}

const types: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
};

/** A field of the request that is wrong. */
export function badField(param: string, message: string, code: string | null = null): ApiError {
  return new ApiError(400, message, { param, code });
}

/** The error that a client is told. An error that is no problem of the request's is a fault of the server's. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof FathomError) return new ApiError(error.exit === 2 ? 400 : 500, error.message);
  return new ApiError(500, "the server failed; it says why on its stderr");
}
