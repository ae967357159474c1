/** WebSocket close codes of the server: nobody has signed in, or not any more; the role is too low. */
export const CLOSE_SIGN_IN = 4401
export const CLOSE_ROLE = 4403
const UNAUTHORIZED = 401

let tell: () => void = () => undefined

/** Call `listener` when the server says that it does not know who uses this page, any more. */
export function onSignedOut(listener: () => void): void {
  tell = listener
}

/** Look at an answer's status. */
export function noteStatus(status: number): void {
  if (status === UNAUTHORIZED) tell()
}

/** Look at why a stream was closed. */
export function noteClose(code: number | undefined): void {
  if (code === CLOSE_SIGN_IN || code === CLOSE_ROLE) tell()
}
