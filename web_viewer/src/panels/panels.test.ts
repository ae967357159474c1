import { createPinia, setActivePinia, type Pinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { createApp, nextTick, type Component } from 'vue'

import { Quality } from '@/generated/wire'
import { setLocale } from '@/i18n'
import { pointInfo } from '@/logic/fixture'
import { emptyColumns } from '@/net/columns'
import type { ModelInfo } from '@/net/types'
import { fakeScene } from '@/stores/fixture'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'
import { useSelectionStore } from '@/stores/selection'

import LayerChooser from './LayerChooser.vue'
import Legend from './Legend.vue'
import LinkState from './LinkState.vue'
import PointRow from './PointRow.vue'
import StoreyList from './StoreyList.vue'

let pinia: Pinia

function show(component: Component, props: Record<string, unknown> = {}): HTMLElement {
  const place = document.createElement('div')
  createApp(component, props).use(pinia).mount(place)
  return place
}

function text(place: HTMLElement): string {
  return (place.textContent ?? '').replace(/\s+/g, ' ').trim()
}

beforeEach(() => {
  pinia = createPinia()
  setActivePinia(pinia)
  setLocale('zh-CN')
  useSceneStore().scene = fakeScene()
})

describe('PointRow', () => {
  it('shows value, unit and quality, in the language of the page', async () => {
    const live = useLiveStore()
    live.columns = emptyColumns(1)
    live.columns.value[0] = 23.44
    live.columns.time[0] = 1
    live.columns.quality[0] = Quality.Bad
    const point = pointInfo({ pointIndex: 0, name: { zh: '温度', en: 'Temperature' }, unit: 'degC' })
    const place = show(PointRow, { point })
    expect(text(place)).toContain('温度')
    expect(text(place)).toContain('23.4°C')
    expect(text(place)).toContain('无效')
    setLocale('en')
    await nextTick()
    expect(text(place)).toContain('Temperature')
    expect(text(place)).toContain('bad')
  })

  it('says that nothing was ever received', () => {
    useLiveStore().columns = emptyColumns(1)
    expect(text(show(PointRow, { point: pointInfo({ pointIndex: 0 }) }))).toContain('从未收到')
  })
})

describe('StoreyList', () => {
  const storey = { guid: 'g', code: 'L2', names: { zh: '二层', en: 'Level 2' }, position: 1, elevationM: 4, heightM: 4, elementCount: 1234 }

  it('isolates on a click, and shows the counts', async () => {
    useModelStore().model = { storeys: [{ ...storey, index: 7 }] } as unknown as ModelInfo
    const place = show(StoreyList)
    expect(text(place)).toContain('L2二层1,234')
    const button = place.querySelector<HTMLElement>('[data-test=storey]')
    button?.click()
    await nextTick()
    expect(useSelectionStore().storey).toBe(7)
    expect(button?.getAttribute('aria-pressed')).toBe('true')
  })

  it('has words for a model without storeys', () => {
    expect(text(show(StoreyList))).toContain('此模型没有楼层')
  })
})

describe('a venue without points', () => {
  it('has no layers and no legend, and says so', () => {
    expect(text(show(LayerChooser))).toContain('没有图层')
    expect(text(show(Legend))).toBe('')
  })
})

describe('LinkState', () => {
  it('always says how the connection is', async () => {
    const live = useLiveStore()
    const place = show(LinkState)
    expect(text(place)).toContain('连接中')
    live.link = 'lost'
    live.ageMs = 65_000
    await nextTick()
    expect(text(place)).toContain('已断开')
    expect(text(place)).toContain('数据 65 秒前')
  })
})
