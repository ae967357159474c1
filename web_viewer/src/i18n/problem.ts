import { ApiError } from '@/net/http'

import { filled, textAt } from './catalogue'
import { locale } from './index'
import { PROBLEMS_ZH } from './problems'

/** What went wrong, for people, in the language of the page; the server itself writes English. */
export function problemText(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  if (locale.value !== 'zh-CN') return error.message
  const known = [error.reason, error.status === 0 ? 'away' : error.kind, 'other']
  const text = known.map((key) => textAt(PROBLEMS_ZH, key)).find((each) => each !== null) ?? '{detail}'
  return filled(text, { ...error.named, detail: error.message })
}
