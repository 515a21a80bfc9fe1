package builtin

// implFamilies are the tables of plain functions.
func implFamilies() []impls {
	return []impls{
		boolImpls, intImpls, quoteImpls, likeImpls, byteaImpls, floatImpls, trigImpls, numericImpls, randomImpls, datetimeImpls, mixedCompareImpls, extractImpls, clockImpls, overlapImpls, arrayImpls, jsonAccessImpls, numberFormatImpls, datetimeFormatImpls, datetimeParseImpls, jsonbImpls, jsonpathImpls, bitImpls, moneyImpls, inetImpls, macaddrImpls, unistrImpls, snapshotImpls, lsnImpls, sizeImpls, encodingImpls, identifierImpls, tsImpls, tsConfigImpls, rangeImpls, inRangeImpls, compareImpls, textImpls, castImpls,
		pointImpls, lineImpls, lsegImpls, boxImpls, pathImpls, polygonImpls, circleImpls, byteDifferenceImpls, recordImageImpls, aclImpls, aggStateImpls,
	}
}

// rowsFamilies are the tables of set-returning functions.
func rowsFamilies() []rowsImpls {
	return []rowsImpls{seriesRows, arrayRows, jsonAccessRows, jsonpathRows, keywordRows, snapshotRows, tsRows, tsConfigRows, multirangeRows, zoneRows, aclRows, partitionRows}
}

// bindFamilies are the tables of functions that depend on their call's types.
func bindFamilies() []bindImpls {
	return []bindImpls{outputBinds, arrayBinds, jsonBuildBinds, jsonRecordBinds, inOutBinds, enumBinds, rangeBinds, multirangeBinds, hashBinds}
}

// bindRowsFamilies are those of them that return sets.
func bindRowsFamilies() []bindRowsImpls {
	return []bindRowsImpls{jsonRecordRowBinds}
}
