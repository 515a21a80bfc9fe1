package builtin

// implFamilies are the tables of plain functions.
func implFamilies() []impls {
	return []impls{
		boolImpls, intImpls, floatImpls, trigImpls, numericImpls, randomImpls, compareImpls, textImpls, castImpls,
	}
}

// rowsFamilies are the tables of set-returning functions.
func rowsFamilies() []rowsImpls { return nil }

// bindFamilies are the tables of functions that depend on their call's types.
func bindFamilies() []bindImpls { return nil }
