import { describe, expect, it } from 'vitest'
import { initialLevel, QualityGovernor } from './quality'

function run(governor: QualityGovernor, ms: number, frames: number): void {
  for (let i = 0; i < frames; i++) governor.observe(ms)
}

describe('initialLevel', () => {
  it('begins low on software drawing', () => {
    expect(initialLevel('ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (LLVM 10.0.0)), SwiftShader driver)')).toBe('low')
    expect(initialLevel('llvmpipe (LLVM 19.1)')).toBe('low')
    expect(initialLevel('ANGLE (NVIDIA GeForce RTX 4070)')).toBe('high')
    expect(initialLevel('')).toBe('high')
  })
})

describe('QualityGovernor', () => {
  it('steps down after a run of slow frames, one level at a time', () => {
    const governor = new QualityGovernor('high')
    run(governor, 80, 12)
    expect(governor.level).toBe('medium')
    run(governor, 80, 12)
    expect(governor.level).toBe('low')
    run(governor, 80, 100)
    expect(governor.level).toBe('low')
  })

  it('forgives a few slow frames', () => {
    const governor = new QualityGovernor('high')
    for (let i = 0; i < 50; i++) run(governor, i % 10 === 0 ? 90 : 14, 1)
    expect(governor.level).toBe('high')
  })

  it('climbs after a long run of fast ones, but not back to where it was too slow', () => {
    const governor = new QualityGovernor('low')
    run(governor, 5, 90)
    expect(governor.level).toBe('medium')
    run(governor, 5, 90)
    expect(governor.level).toBe('high')
    run(governor, 80, 12)
    run(governor, 5, 500)
    expect(governor.level).toBe('medium')
  })
})
