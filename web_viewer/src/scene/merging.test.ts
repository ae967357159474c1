import { BufferAttribute, BufferGeometry, Group, InstancedMesh, Matrix4, Mesh, MeshBasicMaterial } from 'three'
import { describe, expect, it } from 'vitest'
import { mergeTile } from './merging'

function triangle(id: number, normal: number[] | null, copies = 1): BufferGeometry {
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new BufferAttribute(new Uint16Array([0, 0, 0, 2, 0, 0, 0, 2, 0]), 3))
  if (normal) geometry.setAttribute('normal', new BufferAttribute(new Float32Array([...normal, ...normal, ...normal]), 3))
  geometry.setAttribute('tint', new BufferAttribute(new Uint8Array(12).fill(51), 4, true))
  geometry.setAttribute('elementId', new BufferAttribute(new Float32Array(copies > 1 ? Array.from({ length: copies }, (_, k) => id + k) : [id, id, id]), 1))
  geometry.setIndex([0, 1, 2])
  return geometry
}

describe('mergeTile', () => {
  it('makes one mesh of plane, curved and copied shapes of a material, each where it stood', () => {
    const material = new MeshBasicMaterial({ name: 'opaque' })
    const scene = new Group()
    const flat = new Mesh(triangle(7, null), material)
    flat.scale.setScalar(0.5)
    flat.position.x = 10
    const copied = new InstancedMesh(triangle(20, [0, 0, 1], 2), material, 2)
    copied.setMatrixAt(0, new Matrix4())
    copied.setMatrixAt(1, new Matrix4().makeTranslation(0, 0, 4))
    copied.scale.setScalar(0.25)
    scene.add(flat, copied)
    const [geometry, ...others] = mergeTile(scene)
    expect(others).toEqual([])
    expect(scene.children).toHaveLength(1)
    expect([...geometry!.getAttribute('elementId').array]).toEqual([7, 7, 7, 20, 20, 20, 21, 21, 21])
    const position = geometry!.getAttribute('position')
    expect([position.getX(1), position.getX(4), position.getZ(6)]).toEqual([11, 0.5, 1])
    const normal = geometry!.getAttribute('normal')
    expect([normal.getZ(0), normal.getZ(3), normal.getZ(8)]).toEqual([0, 1, 1])
    expect([...geometry!.index!.array]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(geometry!.getAttribute('tint').getX(5)).toBeCloseTo(0.2, 5)
  })

  it('keeps materials apart, and many copies of a large shape instanced', () => {
    const scene = new Group()
    const many = new InstancedMesh(triangle(1, null, 20_001), new MeshBasicMaterial({ name: 'opaque' }), 20_001)
    const glass = new Mesh(triangle(2, null), new MeshBasicMaterial({ name: 'glass', transparent: true }))
    scene.add(many, new Mesh(triangle(3, null), many.material), glass)
    const kept = mergeTile(scene)
    expect(kept).toHaveLength(3)
    expect(kept[0]).toBe(many.geometry)
    expect(scene.children).toContain(many)
  })
})
