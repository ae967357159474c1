import { afterEach, describe, expect, it, vi } from 'vitest'

import { ApiError, getAll, getJson, withQuery } from './http'

function answer(...responses: (Response | Error)[]): string[] {
  const asked: string[] = []
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path)
    const next = responses.shift()
    if (next === undefined) throw new Error(`nothing is left to answer ${path}`)
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
  })
  return asked
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('withQuery', () => {
  it('leaves out what is not set, and escapes', () => {
    expect(withQuery('/api/elements', { q: '羽毛球 1&2', storey: null, limit: 5, cursor: undefined, class: '' })).toBe(
      '/api/elements?q=%E7%BE%BD%E6%AF%9B%E7%90%83+1%262&limit=5',
    )
    expect(withQuery('/api/model', {})).toBe('/api/model')
  })
})

describe('getJson', () => {
  it('tells what the server says is wrong', async () => {
    answer(Response.json({ title: 'Not found', detail: 'no element 7' }, { status: 404 }))
    await expect(getJson('/api/elements/7')).rejects.toEqual(new ApiError('no element 7', 404))
  })

  it('has words for a server that is away, or that sends something else', async () => {
    answer(new TypeError('Failed to fetch'), new Response('<html>'), new Response('oops', { status: 502 }))
    await expect(getJson('/a')).rejects.toMatchObject({ status: 0 })
    await expect(getJson('/a')).rejects.toMatchObject({ status: 200, message: '/a: the answer is not JSON' })
    await expect(getJson('/a')).rejects.toMatchObject({ status: 502, message: 'HTTP 502' })
  })
})

describe('getAll', () => {
  it('follows the cursor to the end', async () => {
    const asked = answer(Response.json({ items: [1, 2], next: 'c2' }), Response.json({ items: [3], next: null }))
    expect(await getAll('/api/points', { limit: 2 })).toEqual([1, 2, 3])
    expect(asked).toEqual(['/api/points?limit=2', '/api/points?limit=2&cursor=c2'])
  })

  it('stops at the bound', async () => {
    answer(Response.json({ items: [1, 2], next: 'c2' }))
    expect(await getAll('/api/points', {}, 2)).toEqual([1, 2])
  })
})
