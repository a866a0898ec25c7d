// Refusals that are made outside the gateway, in the form that it uses itself.

export const refuse = (status: number, message: string): Response => {
  const type = status < 500 ? 'invalid_request_error' : 'server_error'
  return Response.json({ error: { message, type, param: null, code: null } }, { status })
}
