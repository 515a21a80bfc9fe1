package types

import "testing"

func BenchmarkForms(b *testing.B) {
	for _, c := range []struct {
		typ    *Type
		typmod int32
		in     string
	}{
		{TInt4, -1, "123456"},
		{TFloat8, -1, "1234.5"},
		{TNumeric, NumericTypmod(12, 2), "12345.67"},
		{TNumeric, -1, "12345.67"},
		{TText, -1, "hello, world"},
		{TTimestamptz, -1, "2004-10-19 10:23:54.5+02"},
		{TInterval, -1, "1 day 02:03:04"},
		{TUUID, -1, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{TInt4Array, -1, "{1,2,3}"},
	} {
		d, err := c.typ.Parse(env, c.in, c.typmod)
		if err != nil {
			b.Fatal(err)
		}
		stored := c.typ.Store(c.typmod, d)
		buf := make([]byte, 0, 256)
		name := FormatType(c.typ, c.typmod) + "/"
		raw := []byte(c.in)
		run := func(what string, f func()) {
			b.Run(name+what, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
			})
		}
		run("parse", func() { _, _ = c.typ.ParseBytes(env, raw, c.typmod) })
		run("format", func() { buf = c.typ.Format(env, buf[:0], d) })
		run("encode", func() { buf = c.typ.Encode(env, buf[:0], d) })
		run("store", func() { _ = c.typ.Store(c.typmod, d) })
		run("load", func() { _, _ = c.typ.Load(c.typmod, stored) })
		run("hash", func() { _ = c.typ.Hash(0, d) })
		run("compare", func() { _ = c.typ.Compare(d, d) })
	}
}
