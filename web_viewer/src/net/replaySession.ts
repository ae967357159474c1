/** Sessions of the film, as the server tells of them. */

/** Somebody in a session. */
export interface Participant {
  readonly id: string
  readonly name: string
  /** Connected; for some seconds a place is kept for who is not. */
  readonly here: boolean
  /** Sees what the driver shows; else looks around alone. */
  readonly following: boolean
}

/** A session that this viewer is in. */
export interface SharedSession {
  /** By which others join. */
  readonly id: string
  /** This viewer's own id among the participants. */
  readonly you: string
  /** By which this viewer alone comes back after a break. */
  readonly ticket: string
  /** Who drives; null: nobody now. */
  readonly driver: string | null
  /** Whether this viewer sees what the driver shows. */
  readonly following: boolean
  readonly participants: readonly Participant[]
}

/** Camera, selection and what else the driver shows; whoever shows it knows its form. */
export type SharedView = Readonly<Record<string, unknown>>

const ENDS = ['ended', 'elsewhere', 'full'] as const

/** Why a session is not to be had: it has ended, is on another server (or was before a restart), is full. */
export type SessionEnd = (typeof ENDS)[number]

/** The server's code for it; null: another one. */
export function readSessionEnd(code: unknown): SessionEnd | null {
  return ENDS.find((each) => code === `session_${each}`) ?? null
}

/** Whether this viewer drives. */
export function isDriver(session: SharedSession | null): boolean {
  return session !== null && session.driver === session.you
}

/** @throws TypeError when the message is none of the protocol. */
export function readSession(message: Readonly<Record<string, unknown>>): SharedSession {
  const { id, you, ticket, driver, following, participants } = message
  if (typeof id !== 'string' || typeof you !== 'string' || typeof ticket !== 'string' || !Array.isArray(participants)) {
    throw new TypeError('a session that cannot be read')
  }
  return {
    id,
    you,
    ticket,
    driver: typeof driver === 'string' ? driver : null,
    following: following === true,
    participants: participants as Participant[],
  }
}
