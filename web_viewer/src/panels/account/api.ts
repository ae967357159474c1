import type { components } from '@/generated/api'
import { getAll, sendJson } from '@/net/http'

export type Account = components['schemas']['AccountOut']
export type AssignableRole = components['schemas']['CreateAccount']['role']
export type Change = Partial<components['schemas']['ChangeAccount']>

export const ASSIGNABLE: readonly AssignableRole[] = ['visitor', 'member', 'operator', 'manager', 'admin']

const PATH = '/api/accounts'

export async function fetchAccounts(): Promise<Account[]> {
  return getAll<Account>(PATH)
}

/** Make an account that signs in by link. */
export async function createAccount(name: string, role: AssignableRole, displayName: string): Promise<Account> {
  return sendJson<Account>('POST', PATH, { name, role, display_name: displayName })
}

export async function changeAccount(name: string, change: Change): Promise<Account> {
  return sendJson<Account>('PATCH', `${PATH}/${encodeURIComponent(name)}`, change)
}

/** The address of a sign-in link, good once, within a day. */
export async function createLink(name: string): Promise<string> {
  const made = await sendJson<components['schemas']['LinkOut']>('POST', `${PATH}/${encodeURIComponent(name)}/links`)
  return window.location.origin + made.path
}
